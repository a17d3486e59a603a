"""A Python that goes away: nothing that runs is stopped, and what starts is built again first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy import fit
from pushdeploy.deploy.change_release import Change
from pushdeploy.events import AttemptFailed, RolledBack, Warned
from pushdeploy.model.job import JobKind
from pushdeploy.model.release import Kind
from pushdeploy.watch.restart_hung import look_after
from tests.deploy.machine import APP, FakeMachine

if TYPE_CHECKING:
    from pathlib import Path

REBUILD = Change(Kind.REBUILD, "Rebuild", fresh=True)


class Pythons:
    """A folder of interpreters, and `python3`, which is one of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python3 = folder / "python3"

    def add(self, minor: int) -> Path:
        """Put one there."""
        path = self.folder / f"python3.{minor}"
        path.write_text(f"#!/bin/sh\necho Python 3.{minor}.1 python3.{minor}\n")
        path.chmod(0o755)
        return path

    def choose(self, minor: int) -> None:
        """Have `python3` be this one, as an upgrade or update-alternatives does."""
        self.python3.unlink(missing_ok=True)
        self.python3.symlink_to(self.add(minor).name)

    def upgrade(self) -> None:
        """The next minor version takes the place of the one there is."""
        self.choose(77)
        (self.folder / "python3.76").unlink()


@pytest.fixture
def pythons(tmp_path: Path) -> Pythons:
    """Only 3.76 is there."""
    found = Pythons(tmp_path / "pythons")
    found.folder.mkdir()
    found.choose(76)
    return found


@pytest.fixture
def aged(machine: FakeMachine, pythons: Pythons) -> FakeMachine:
    """A machine with v1 and v2, made by 3.76."""
    machine = replace(machine, server_python=pythons.python3)
    machine.push("one")
    machine.push("two")
    return machine


def misfit(machine: FakeMachine) -> str | None:
    """Of the live release."""
    current = machine.records.current()
    assert current is not None
    return fit.misfit(machine, current)


def builds(machine: FakeMachine) -> int:
    """How many venvs were built."""
    return sum(1 for job in machine.supervisor.jobs if job.kind is JobKind.BUILD)


def test_a_venv_names_the_minor_version_and_so_outlives_a_change_of_python3(
    aged: FakeMachine, pythons: Pythons
) -> None:
    pythons.choose(77)

    current = aged.records.current()

    assert current is not None
    assert current.interpreter == str(pythons.folder / "python3.76")
    assert misfit(aged) is None


def test_an_interpreter_that_is_gone_is_named(aged: FakeMachine, pythons: Pythons) -> None:
    pythons.upgrade()

    gone = pythons.folder / "python3.76"
    assert misfit(aged) == f"v2 was built for Python 3.76: `{gone}` is gone"


def test_an_interpreter_that_became_another_is_named(aged: FakeMachine, pythons: Pythons) -> None:
    same = pythons.folder / "python3.76"
    same.unlink()
    same.symlink_to(pythons.add(77).name)

    assert misfit(aged) == f"v2 was built for Python 3.76: `{same}` is Python 3.77.1 now"


def test_an_interpreter_that_does_not_run_is_named(aged: FakeMachine, pythons: Pythons) -> None:
    broken = pythons.folder / "python3.76"
    broken.write_text("#!/bin/sh\nexit 127 # no libpython3.76.so\n")

    assert misfit(aged) == f"v2 was built for Python 3.76: `{broken}` does not run"


def test_packages_of_another_version_are_named(aged: FakeMachine) -> None:
    for venv in aged.place.venvs.iterdir():
        (venv / "lib" / "python3.76").rename(venv / "lib" / "python3.75")

    assert misfit(aged) == "v2 was built for Python 3.76: its venv has no `lib/python3.76`"


def test_reconcile_builds_it_again_beside_what_runs(aged: FakeMachine, pythons: Pythons) -> None:
    pythons.upgrade()

    did = aged.reconcile()

    assert did[-1] == "built it again, as v3"
    assert "v2 was built for Python 3.76" in did[0]
    assert aged.answer() == "v3"
    current = aged.records.current()
    assert current is not None
    assert (current.python, misfit(aged)) == ("3.77.1", None)
    assert aged.reconcile() == []


def test_what_runs_goes_on_when_it_can_not_be_built(aged: FakeMachine, pythons: Pythons) -> None:
    pythons.upgrade()
    aged.supervisor.statuses_of_jobs[JobKind.BUILD] = 1

    did = aged.reconcile()

    assert did[-1].startswith("failed: v2 was built for Python 3.76")
    assert "pushdeploy rebuild --app blog" in did[-1]
    assert (aged.records.live(), aged.answer()) == (2, "v2")
    told = aged.watching.one(AttemptFailed)
    assert isinstance(told, AttemptFailed)
    assert (told.still_live, told.trouble) == (2, "")


def test_a_boot_leaves_it_down_and_has_it_built_next(aged: FakeMachine, pythons: Pythons) -> None:
    pythons.upgrade()
    aged.supervisor.reboot()

    did = aged.boot()

    assert did[0].endswith("it is built again next")
    assert aged.running() == []
    assert aged.timers.due == {APP: 1.0}
    aged.reconcile()
    assert aged.answer() == "v3"
    assert "v2 web.1" not in aged.running()


def test_down_and_not_to_be_built_is_not_said_to_be_live(
    aged: FakeMachine, pythons: Pythons
) -> None:
    pythons.upgrade()
    aged.supervisor.reboot()
    aged.supervisor.statuses_of_jobs[JobKind.BUILD] = 1

    aged.reconcile()

    told = aged.watching.one(AttemptFailed)
    assert isinstance(told, AttemptFailed)
    assert told.trouble.startswith("does not answer and can't start again: v2 was built for")


@pytest.mark.parametrize("change", ["restart", "config"])
def test_every_change_builds_it_again_first(
    aged: FakeMachine, pythons: Pythons, change: str
) -> None:
    pythons.upgrade()

    ended = aged.restart() if change == "restart" else aged.set_config(COLOUR="red")

    assert (ended.outcome, aged.answer()) == ("live", "v3")
    assert misfit(aged) is None
    warned = aged.watching.one(Warned)
    assert isinstance(warned, Warned)
    assert warned.text.endswith("; it is built again")


def test_a_rollback_to_what_is_still_warm_builds_nothing(
    aged: FakeMachine, pythons: Pythons
) -> None:
    before = builds(aged)
    pythons.upgrade()

    ended = aged.rollback()

    assert (ended.release, builds(aged)) == (1, before)


def test_a_cold_rollback_builds_the_release_again_as_a_new_one(
    aged: FakeMachine, pythons: Pythons
) -> None:
    aged.set_config(COLOUR="red")
    aged.clock.sleep(3600)
    aged.reconcile()
    pythons.upgrade()

    ended = aged.rollback(1)

    told = aged.watching.one(RolledBack)
    assert isinstance(told, RolledBack)
    assert (ended.release, told.release, told.previous) == (4, 4, 3)
    assert aged.answer() == "v4"
    first, now = aged.records.release(1), aged.records.current()
    assert now is not None
    assert (now.commit, now.slug) == (first.commit, first.slug)
    assert "COLOUR" not in aged.records.environment().values
    assert misfit(aged) is None


def test_the_watchdog_does_not_stop_what_could_not_start_again(
    aged: FakeMachine, pythons: Pythons
) -> None:
    pythons.upgrade()
    aged.clock.sleep(3600)
    web = next(one for one in aged.supervisor.units.values() if one.instance.release == 2)
    assert web.server is not None
    web.server.stop()
    aged.supervisor.calls.clear()

    (did,) = look_after(aged, APP, 2)

    assert "alone: v2 was built for Python 3.76" in did
    assert not [call for call in aged.supervisor.calls if call[0] == "stop"]
    assert aged.timers.due == {APP: 1.0}


def test_rebuild_makes_a_new_venv_also_when_the_old_one_fits(aged: FakeMachine) -> None:
    before = aged.records.current()

    ended = aged.change_release(REBUILD)

    after = aged.records.current()
    assert before is not None
    assert after is not None
    assert (ended.outcome, after.number) == ("live", 3)
    assert after.venv != before.venv
    assert (aged.place.venvs / before.venv / ".complete").exists()
    assert aged.records.history().previous(aged.records.numbers()) == 1


def test_a_python_that_the_repo_asks_for_and_is_gone_is_said_with_the_choices(
    aged: FakeMachine, pythons: Pythons
) -> None:
    current = aged.records.current()
    assert current is not None
    tree = aged.checkout_worker.trees[current.commit.id]
    aged.checkout_worker.trees[current.commit.id] = replace(
        tree, python_version="3.76", python_file=".python-version"
    )
    pythons.upgrade()

    ended = aged.change_release(REBUILD)

    assert ended.outcome == "failed"
    assert "Python `3.76`, which this server does not have; it has" in ended.text
    assert "3.77" in ended.text
    assert aged.answer() == "v2"


def test_a_record_of_a_former_version_is_judged_by_the_link_of_its_venv(
    aged: FakeMachine, pythons: Pythons
) -> None:
    current = aged.records.current()
    assert current is not None
    former = replace(current, interpreter="")
    link = aged.place.venvs / current.venv / "bin" / "python"
    link.unlink()
    link.symlink_to(pythons.python3)
    assert fit.misfit(aged, former) is None

    pythons.upgrade()

    assert fit.misfit(aged, former) == (
        f"v2 was built for Python 3.76: `{pythons.python3}` is Python 3.77.1 now"
    )


def test_a_program_that_a_build_has_put_into_its_venv_is_not_started(
    aged: FakeMachine, tmp_path: Path
) -> None:
    current = aged.records.current()
    assert current is not None
    canary, evil = tmp_path / "canary", tmp_path / "python3.76"
    evil.write_text(f"#!/bin/sh\ntouch {canary}\n")
    evil.chmod(0o755)
    link = aged.place.venvs / current.venv / "bin" / "python"
    link.unlink()
    link.symlink_to(evil)

    fit.misfit(aged, replace(current, interpreter=""))
    fit.misfit(aged, current)

    assert not canary.exists()
