"""Poetry, PDM and Pipenv read their own locks, where they can do no harm."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.build import exporter
from pushdeploy.build.export import EXPORTERS
from pushdeploy.deploy.cleanup import clean_up
from pushdeploy.events import AttemptFailed
from pushdeploy.model.app_layout import COMPLETE, EXPORTER
from pushdeploy.model.dependency_file import Source
from pushdeploy.model.job import JobKind
from tests.deploy.fakes import Killed
from tests.deploy.machine import APP

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.ended import Ended
    from tests.deploy.machine import FakeMachine

LOCKS = sorted(EXPORTERS)


def push(machine: FakeMachine, source: Source, name: str = "one", pins: str = "1") -> Ended:
    """`git push` of a tree whose packages are in another tool's lock."""
    commit = machine.checkout_worker.commit(name)
    tree = machine.checkout_worker.trees[commit]
    machine.checkout_worker.trees[commit] = replace(
        tree, source=source, requirements={source: pins}
    )
    machine.branch_names(commit)
    return machine.deploy()


@pytest.mark.parametrize("source", LOCKS)
def test_the_tool_is_fetched_reads_its_lock_and_uv_installs_what_it_says(
    source: Source, machine: FakeMachine
) -> None:
    assert push(machine, source).exit_code == 0

    assert [job.kind for job in machine.supervisor.jobs] == [
        *(JobKind.FETCH, JobKind.EXPORT, JobKind.FETCH),
    ]
    fetch, export, install = machine.supervisor.jobs
    assert any(word.endswith(f"{EXPORTERS[source].name}.txt") for word in fetch.argv)
    assert "--no-build" in fetch.argv
    assert f"{machine.place.exported}/requirements.txt" in install.argv
    assert export.folder.parent == machine.place.slugs


def test_a_tool_that_obeys_the_repo_may_write_one_folder_and_sees_no_secrets(
    machine: FakeMachine,
) -> None:
    push(machine, Source.POETRY)

    (job,) = [one for one in machine.supervisor.jobs if one.kind is JobKind.EXPORT]
    assert job.writable == (machine.place.exported,)
    assert job.home == machine.place.exported
    assert {machine.place.releases, machine.place.shared} <= set(job.hidden)
    assert dict(job.environment)["UV_CACHE_DIR"] == f"{machine.place.exported}/uv"


def test_a_tool_is_kept_for_the_next_lock_and_goes_with_the_cache(machine: FakeMachine) -> None:
    push(machine, Source.POETRY)
    machine.supervisor.jobs.clear()

    push(machine, Source.POETRY, "two", "2")

    assert [job.kind for job in machine.supervisor.jobs] == [JobKind.EXPORT, JobKind.FETCH]
    assert len(list(machine.place.venvs.glob(f"{EXPORTER}*"))) == 1
    assert not machine.place.exported.exists()


@pytest.mark.parametrize("when", [*range(1, 4)])
def test_a_push_that_is_killed_leaves_no_half_made_tool_and_no_pins(
    when: int, machine: FakeMachine
) -> None:
    def kill() -> None:
        job = machine.supervisor.jobs[-1]
        for folder in job.writable:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "requirements.txt").write_text("evil")
        if len(machine.supervisor.jobs) == when:
            raise Killed(job.kind)

    machine.push("before")
    machine.supervisor.jobs.clear()
    machine.supervisor.during = dict.fromkeys((JobKind.FETCH, JobKind.EXPORT), kill)
    with pytest.raises(Killed):
        push(machine, Source.POETRY)
    machine.supervisor.during.clear()

    clean_up(machine, APP)

    tools = list(machine.place.venvs.glob(f"{EXPORTER}*"))
    assert len(tools) == (when > 1)
    assert all((tool / COMPLETE).exists() for tool in tools)
    assert not machine.place.exported.exists()
    assert push(machine, Source.POETRY).exit_code == 0


def test_a_tool_that_is_half_made_is_made_again(machine: FakeMachine) -> None:
    push(machine, Source.POETRY)
    (tool,) = machine.place.venvs.glob(f"{EXPORTER}*")
    (tool / COMPLETE).unlink()
    (tool / "half").write_text("")

    assert push(machine, Source.POETRY, "two", "2").exit_code == 0

    assert (tool / COMPLETE).exists()
    assert not (tool / "half").exists()


@pytest.mark.parametrize(
    ("kind", "says"), [(JobKind.EXPORT, "can't read"), (JobKind.FETCH, "inst")]
)
def test_a_lock_that_can_t_be_read_fails_the_deploy_with_the_command(
    kind: JobKind, says: str, machine: FakeMachine
) -> None:
    machine.supervisor.statuses_of_jobs[kind] = 1

    ended = push(machine, Source.PDM)

    told = machine.watching.one(AttemptFailed)
    assert isinstance(told, AttemptFailed)
    assert (ended.exit_code, says in told.reason) == (7, True)
    assert JobKind.BUILD not in [job.kind for job in machine.supervisor.jobs]


def test_groups_become_the_words_of_each_tool() -> None:
    words = {source: tool.words(["jobs"], ["more"]) for source, tool in EXPORTERS.items()}

    assert words[Source.POETRY][-2:] == ["--only=main,jobs", "--extras=more"]
    assert words[Source.PDM][-2:] == ["--group=jobs", "--group=more"]
    assert "--prod" not in words[Source.PDM]  # which pdm takes for a contradiction
    assert EXPORTERS[Source.PDM].words([], ["more"])[-2:] == ["--prod", "--group=more"]
    assert words[Source.PIPENV][-1] == "--categories=packages jobs"


def export(pins: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """What the job runs."""
    argv = [sys.executable, "-I", str(exporter.__file__), str(pins), *command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_what_the_tool_prints_becomes_pins_without_the_index_that_is_meant_anyway(
    tmp_path: Path,
) -> None:
    pins = tmp_path / "requirements.txt"
    printed = "-i https://pypi.org/simple\nflask==3\n--extra-index-url https://x.example\n"

    ended = export(pins, "/bin/sh", "-c", f"echo old lock >&2; printf %s '{printed}'")

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "old lock\n")
    assert pins.read_text() == "flask==3\n--extra-index-url https://x.example\n"


@pytest.mark.parametrize(
    ("command", "status"), [(["/bin/sh", "-c", "echo x; exit 3"], 3), (["/nowhere/poetry"], 1)]
)
def test_a_tool_that_fails_leaves_no_pins(command: list[str], status: int, tmp_path: Path) -> None:
    ended = export(tmp_path / "requirements.txt", *command)

    assert ended.returncode == status
    assert not (tmp_path / "requirements.txt").exists()
