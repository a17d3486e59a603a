"""A conda environment: two jobs, of which only the second runs packages' code."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.build.keep_wheels import clear_cache
from pushdeploy.deploy import fit
from pushdeploy.deploy.cleanup import clean_up
from pushdeploy.events import AttemptFailed, PythonChosen, Warned
from pushdeploy.model.app_layout import EXPORTER
from pushdeploy.model.conda_file import CondaFile, render_conda
from pushdeploy.model.dependency_file import Source
from pushdeploy.model.job import Job, JobKind
from pushdeploy.records.app_records import AppRecords
from tests.deploy.fakes import Killed
from tests.deploy.machine import APP

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.ended import Ended
    from tests.deploy.machine import FakeMachine

FILE = CondaFile(("conda-forge",), ("python=3.13", "numpy"), ("flask", "-r more.txt"))


def push(machine: FakeMachine, file: CondaFile = FILE, name: str = "one") -> Ended:
    """`git push` of a tree with an environment.yml, whose Python is linked."""
    commit = machine.checkout_worker.commit(name)
    tree = machine.checkout_worker.trees[commit]
    machine.checkout_worker.trees[commit] = replace(
        tree, source=Source.CONDA, requirements={Source.CONDA: render_conda(file)}
    )
    machine.branch_names(commit)
    return machine.deploy()


def venv_of(job: Job) -> Path:
    """The folder that a job fills."""
    return job.writable[0]


def test_py_rattler_links_and_uv_adds_what_pip_would(machine: FakeMachine) -> None:
    assert push(machine).exit_code == 0

    jobs = machine.supervisor.jobs
    assert [job.kind for job in jobs] == [JobKind.FETCH, JobKind.FETCH, JobKind.BUILD]
    tool, link, build = jobs
    assert any(word.endswith("rattler.txt") for word in tool.argv)
    wanted = json.loads(link.argv[-1])
    assert wanted["specs"] == ["python=3.13", "numpy"]
    assert wanted["channels"] == ["conda-forge"]
    assert venv_of(link) == venv_of(build)
    assert link.writable[1:] == (machine.place.conda_cache,)
    assert machine.place.conda_cache.is_dir()
    assert {"flask", "--requirement=more.txt"} <= set(build.argv)
    assert "venv" not in build.argv
    assert ("UV_BREAK_SYSTEM_PACKAGES", "1") in build.environment


def test_the_release_has_the_python_of_its_environment(machine: FakeMachine) -> None:
    push(machine)

    release = AppRecords(machine.place).live_release()
    assert release is not None
    assert release.python == "3.13.1"
    assert machine.watching.one(PythonChosen) == PythonChosen("3.13.1", Source.CONDA)
    assert fit.misfit(machine, release) is None
    (machine.place.venvs / release.venv / "bin" / "python3.13").unlink()
    assert fit.misfit(machine, release) == "v1 has lost the Python of its environment"


def test_the_same_environment_is_reused_and_another_is_made(machine: FakeMachine) -> None:
    push(machine)
    machine.supervisor.jobs.clear()

    push(machine, name="two")
    assert machine.supervisor.jobs == []
    push(machine, replace(FILE, packages=("python=3.13",)), "three")

    assert [job.kind for job in machine.supervisor.jobs] == [JobKind.FETCH, JobKind.BUILD]


def test_config_vars_say_where_channels_are_and_only_the_jobs_hear_of_it(
    machine: FakeMachine,
) -> None:
    said = {"CONDA_CHANNELS": "https://ada:hunter2@example.com/ours", "SECRET_KEY": "x" * 20}
    records = AppRecords(machine.place)
    records.save_pending_environment(replace(records.environment(), values=said))

    push(machine)

    _, link, build = machine.supervisor.jobs
    assert dict(link.private) == dict(build.private)
    assert set(dict(link.private)) == {"CONDA_CHANNELS"}
    assert "hunter2" not in " ".join(link.argv)


def test_what_can_not_be_solved_fails_the_deploy_and_leaves_nothing(machine: FakeMachine) -> None:
    push(machine)
    machine.supervisor.statuses_of_jobs[JobKind.FETCH] = 1

    ended = push(machine, replace(FILE, packages=("nope",)), "two")

    assert ended.exit_code == 7
    told = machine.watching.one(AttemptFailed)
    assert isinstance(told, AttemptFailed)
    assert "could not be solved" in told.reason
    assert len([one for one in machine.place.venvs.iterdir() if EXPORTER not in one.name]) == 1


@pytest.mark.parametrize("when", [1, 2, 3])
def test_a_push_that_is_killed_leaves_no_half_made_environment(
    when: int, machine: FakeMachine
) -> None:
    def kill() -> None:
        if len(machine.supervisor.jobs) == when:
            (venv_of(machine.supervisor.jobs[-1]) / "half").write_text("")
            raise Killed(f"job {when}")

    machine.push("before")
    machine.supervisor.jobs.clear()
    machine.supervisor.during = dict.fromkeys((JobKind.FETCH, JobKind.BUILD), kill)
    with pytest.raises(Killed):
        push(machine)
    machine.supervisor.during.clear()

    clean_up(machine, APP)

    assert list(machine.place.venvs.glob("*/half")) == []
    assert push(machine).exit_code == 0


def test_packages_are_kept_until_the_cache_is_emptied(machine: FakeMachine) -> None:
    push(machine)
    _, link, _ = machine.supervisor.jobs
    cache = machine.place.conda_cache
    assert json.loads(link.argv[-1])["cache"] == str(cache)
    (cache / "packages").mkdir(parents=True)

    clear_cache(machine, APP)

    assert not cache.exists()


def test_variables_of_the_file_are_told_to_be_config_vars(machine: FakeMachine) -> None:
    push(machine, replace(FILE, variables=True))

    warned = [one for one in machine.watching.events if isinstance(one, Warned)]
    assert any("`variables`" in one.text for one in warned)
