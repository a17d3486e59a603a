"""The engine may be killed at any instant: the app serves, and the next look fixes the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import CommandFailedError
from pushdeploy.model.convergence import Occasion
from tests.deploy.fakes import Killed
from tests.deploy.machine import FakeMachine, make_machine, names, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.release import Release

PROCFILE = "web: gunicorn app:app\nworker: python work.py\nrelease: python migrate.py\n"

CRON = '{"cron": [{"command": "digest", "schedule": "@daily"}]}'

Action = Callable[[FakeMachine], object]


@contextmanager
def killed_at(machine: FakeMachine, point: int) -> Iterator[list[str]]:
    """Die when the story touches the outside for the nth time; yields what it touched."""
    touched: list[str] = []

    def touch(what: str) -> None:
        touched.append(what)
        if len(touched) == point:
            raise Killed(what)

    machine.supervisor.on_call = machine.timers.on_call = machine.schedules.on_call = touch
    machine.watching.on_event = lambda event: touch(event.name)
    machine.checkout_worker.on_ask = touch
    machine.clock.on_now = lambda: touch("now")
    try:
        yield touched
    except Killed:
        pass
    finally:
        machine.supervisor.on_call = machine.timers.on_call = lambda _: None
        machine.schedules.on_call = lambda _: None
        machine.watching.on_event = lambda _: None
        machine.checkout_worker.on_ask = lambda _: None
        machine.clock.on_now = lambda: None


def deploy(machine: FakeMachine) -> object:
    """A second release from a new commit, which has a job."""
    return machine.push("two", PROCFILE, app_json=CRON)


def set_config(machine: FakeMachine) -> object:
    """A second release with another environment."""
    return machine.set_config(COLOUR="green")


def scale(machine: FakeMachine) -> object:
    """A second release with more workers."""
    return machine.scale("worker=2")


def go_back(machine: FakeMachine) -> object:
    """Back to the first release."""
    return machine.rollback()


def nothing(machine: FakeMachine) -> object:
    """No second release."""
    return machine


def a_second_release(machine: FakeMachine) -> object:
    """A second release, so that there is a way back; the first has no job."""
    return machine.push("two", PROCFILE, app_json=CRON)


def expected(machine: FakeMachine) -> list[str]:
    """`current` and what the history calls warm, which is all that may run."""
    live = machine.records.live()
    count = machine.records.settings().formation.instances("worker")
    warm = [f"v{number} web.1" for number in machine.records.history().warm if number != live]
    workers = [f"v{live} worker.{index}" for index in range(1, count + 1)]
    return sorted([*warm, f"v{live} web.1", *workers])


def live(machine: FakeMachine) -> Release:
    """The live release."""
    found = machine.records.current()
    assert found is not None
    return found


def timed(machine: FakeMachine) -> list[str]:
    """What runs by the clock."""
    return [job.name for job in machine.schedules.timed.get(machine.place.name, ())]


def release_phases(machine: FakeMachine) -> int:
    """How often `release:` was run."""
    return machine.supervisor.calls.count(("once", "release_phase"))


@pytest.mark.parametrize(
    ("before", "action"),
    [(nothing, deploy), (nothing, set_config), (nothing, scale), (a_second_release, go_back)],
    ids=["deploy", "config", "scale", "rollback"],
)
def test_whatever_the_instant_the_app_serves_and_reconcile_mends_it(
    before: Action, action: Action, short_folder: Path
) -> None:
    point, finished = 0, False
    while not finished:
        point += 1
        machine = make_machine(short_folder / f"{point}", short_folder / f"{point}" / "r")
        try:
            machine.push("one", PROCFILE)
            before(machine)
            machine.supervisor.calls.clear()
            finished = examine(machine, action, point)
        finally:
            machine.supervisor.close()

    assert point > 10, "the story was not killed where it matters"


def examine(machine: FakeMachine, action: Action, point: int) -> bool:
    """Kill it once and look; True when there was nothing left to kill."""
    with killed_at(machine, point) as touched:
        action(machine)
    finished = len(touched) < point
    where = "not killed" if finished else f"killed at {point}, {touched[-1]}"

    assert machine.is_whole(), where
    assert machine.answer() in ("v1", "v2"), where

    machine.reconcile()

    assert machine.is_whole(), where
    assert machine.answer() == f"v{machine.records.live()}", where
    assert sorted(machine.running()) == expected(machine), where
    assert timed(machine) == [job.name for job in live(machine).cron], where
    assert release_phases(machine) <= 1, where
    assert machine.supervisor.twice == set(), where
    assert_no_leftovers(machine, where)

    once = (snapshot(machine.place.root), machine.running())
    assert machine.reconcile() == [], where
    assert (snapshot(machine.place.root), machine.running()) == once, where

    ended = machine.deploy()

    assert ended.outcome == "live", where
    assert machine.supervisor.twice == set(), where
    return finished


def assert_no_leftovers(machine: FakeMachine, where: str) -> None:
    """Nothing unfinished lies about, and every slug and venv belongs to a release."""
    place = machine.place
    releases = [machine.records.release(number) for number in machine.records.numbers()]
    assert names(place.releases) == sorted(f"v{one.number}" for one in releases), where
    assert names(place.slugs) == sorted({one.slug for one in releases}), where
    assert names(place.venvs) == sorted({one.venv for one in releases}), where


def test_a_deploy_that_is_killed_before_release_is_taken_up_by_the_timer(
    machine: FakeMachine,
) -> None:
    machine.push("one", PROCFILE)
    with killed_when(machine, "build.finished"):
        machine.push("two", PROCFILE)

    did = machine.reconcile()

    assert did == ["attempt 2 had been killed", "attempt 3: live"]
    assert machine.records.current() is not None
    assert machine.answer() == f"v{machine.records.live()}"
    assert [one.outcome for one in machine.records.attempts()] == ["live", "abandoned", "live"]


@contextmanager
def killed_when(machine: FakeMachine, name: str) -> Iterator[None]:
    """Die when an event is reported."""

    def on_event(event: object) -> None:
        if getattr(event, "name", "") == name:
            machine.watching.on_event = lambda _: None
            raise Killed(name)

    machine.watching.on_event = on_event
    with suppress(Killed):
        yield


def test_a_deploy_that_is_killed_in_release_waits_for_a_person(machine: FakeMachine) -> None:
    machine.push("one", PROCFILE)
    with killed_when(machine, "release_phase.started"):
        machine.push("two", PROCFILE)

    did = machine.reconcile()
    phases = release_phases(machine)
    ended = machine.converge(Occasion.PUSH, after=2)

    assert "attempt 2 had been killed" in did
    assert phases == 1, "once for v1"
    assert ("stop_jobs", "blog") in machine.supervisor.calls
    assert ended.outcome == "live"


@pytest.mark.parametrize("error", [Killed("stop_jobs"), CommandFailedError("too long", status=124)])
def test_jobs_whose_stopping_did_not_end_are_stopped_by_the_next_look(
    error: BaseException, machine: FakeMachine
) -> None:
    machine.push("one", PROCFILE)
    with killed_when(machine, "build.started"):
        machine.push("two", PROCFILE, requirements="flask\n")

    def fail(call: str) -> None:
        if call == "stop_jobs":
            raise error

    machine.supervisor.on_call = fail
    with pytest.raises(type(error)):
        machine.reconcile()
    machine.supervisor.on_call = lambda _: None
    assert ("stop_jobs", "blog") not in machine.supervisor.calls

    did = machine.reconcile()

    assert ("stop_jobs", "blog") in machine.supervisor.calls
    assert did == ["attempt 2 had been killed", "attempt 3: live"]


def test_the_timer_gives_up_after_two_killed_tries(machine: FakeMachine) -> None:
    machine.push("one", PROCFILE)
    for _ in range(2):
        with killed_when(machine, "build.finished"):
            if len(machine.records.attempts()) == 1:
                machine.push("two", PROCFILE)
            else:
                machine.reconcile()

    machine.reconcile()

    assert machine.answer() == "v1"
    assert [one.outcome for one in machine.records.attempts()] == ["live"] + ["abandoned"] * 2


def test_a_switch_that_had_happened_stands(machine: FakeMachine) -> None:
    machine.push("one", PROCFILE)
    with killed_when(machine, "release.switched"):
        machine.push("two", PROCFILE)

    did = machine.reconcile()

    assert did[0] == "the switch to v2 had happened"
    assert machine.answer() == "v2"
    assert machine.records.history().live == 2
    assert machine.records.attempts()[-1].outcome == "live"
    assert "v2 worker.1" in machine.running()


def test_a_switch_that_had_happened_is_what_a_rollback_leaves(machine: FakeMachine) -> None:
    machine.push("one", PROCFILE)
    with killed_when(machine, "release.switched"):
        machine.push("two", PROCFILE)

    machine.rollback()

    assert machine.answer() == "v1"
    assert machine.reconcile() == []
    assert machine.answer() == "v1", "the timer must not undo a rollback"


def test_the_next_push_finishes_a_switch_that_had_happened(machine: FakeMachine) -> None:
    machine.push("one", PROCFILE)
    with killed_when(machine, "release.switched"):
        machine.push("two", PROCFILE)

    ended = machine.converge(Occasion.PUSH, after=2)

    assert ended.exit_code == 0
    assert "v2 worker.1" in machine.running()
    assert "v1 worker.1" not in machine.running()
    assert machine.supervisor.twice == set()


def test_a_switch_that_had_not_happened_is_forgotten(machine: FakeMachine) -> None:
    machine.push("one", PROCFILE)
    machine.records.note_history(
        intent=2, previous=1, kind="deploy", who="ada", at=machine.clock.time
    )

    did = machine.reconcile()

    assert did == ["the switch to v2 had not happened"]
    assert machine.records.history().intent is None
    assert machine.answer() == "v1"
