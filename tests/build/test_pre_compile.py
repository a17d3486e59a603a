"""`bin/pre_compile` runs before the packages are installed, and may say which."""

from __future__ import annotations

import json

from pushdeploy.deploy.cleanup import clean_up
from pushdeploy.events import StepsFinished
from pushdeploy.model.build_step import BuildFiles
from pushdeploy.model.dependency_file import Source
from pushdeploy.model.job import Job, JobKind
from tests.deploy.machine import APP, FakeMachine, names

PRE, POST = "bin/pre_compile", "bin/post_compile"
BOTH = BuildFiles((PRE, POST))


def push(machine: FakeMachine, name: str, *hooks: str, **compiled: object) -> list[Job]:
    """A commit with these hooks, the first of which leaves this of its tree; returns the jobs."""
    machine.supervisor.jobs.clear()
    left = tuple(one for one in hooks if one != PRE)
    machine.checkout_worker.compiled = {"build": BuildFiles(left), **compiled}
    assert machine.push(name, build=BuildFiles(hooks)).exit_code == 0
    return machine.supervisor.jobs


def steps_of(job: Job) -> list[str]:
    """The hooks that a job runs."""
    return [step["hook"] for step in json.loads(job.argv[-1])["steps"]]


def test_it_runs_before_the_packages_and_without_them(machine: FakeMachine) -> None:
    machine.set_config(KEY="value")

    before, install, after = push(machine, "one", PRE, POST)

    assert [before.kind, install.kind, after.kind] == [JobKind.STEP, JobKind.FETCH, JobKind.STEP]
    assert (steps_of(before), steps_of(after)) == ([PRE], [POST])
    assert before.private == (("KEY", "value"),)
    assert str(machine.place.venvs) not in dict(before.environment)["PATH"]
    assert str(machine.place.venvs) in dict(after.environment)["PATH"]


def test_the_packages_that_it_has_written_down_are_installed(machine: FakeMachine) -> None:
    found = {"source": Source.UV, "requirements": {"uv.lock": "1"}, "local": False}

    _, install = push(machine, "one", PRE, **found)

    release = machine.records.release(1)
    assert "export" in install.argv
    assert str(machine.place.slugs / release.slug) in install.argv  # where uv.lock lies
    assert (release.steps, release.begun) == ((PRE,), "")
    assert release.slug != release.source == release.checked_out


def test_a_release_keeps_what_each_step_began_with(machine: FakeMachine) -> None:
    push(machine, "one", PRE, POST)
    clean_up(machine, APP)

    release = machine.records.release(1)
    assert release.steps == (PRE, POST)
    slugs = [release.begun, release.source, release.slug]
    assert release.checked_out == release.begun
    assert names(machine.place.slugs) == sorted(slugs)
    links = machine.place.release(1)
    assert [one.readlink().name for one in (links.begun, links.source, links.code)] == slugs


def test_the_same_code_and_config_vars_run_it_once(machine: FakeMachine) -> None:
    for hooks in ((PRE,), (PRE, POST)):
        push(machine, "-".join(hooks), *hooks)
        machine.supervisor.jobs.clear()

        machine.deploy()

        assert machine.supervisor.jobs == []
        newest = machine.records.numbers()[-1]
        one, other = (machine.records.release(number) for number in (newest - 1, newest))
        assert (one.slug, one.source, one.begun) == (other.slug, other.source, other.begun)
        told = [one for one in machine.watching.events if isinstance(one, StepsFinished)]
        assert [one.reused for one in told] == [True] * len(hooks)


def test_another_config_var_runs_it_again(machine: FakeMachine) -> None:
    push(machine, "one", PRE)
    machine.supervisor.jobs.clear()
    machine.set_config(KEY="value")

    machine.deploy()

    assert [job.kind for job in machine.supervisor.jobs] == [JobKind.STEP]


def test_when_it_fails_nothing_is_installed_and_nothing_is_left(machine: FakeMachine) -> None:
    machine.supervisor.statuses_of_jobs[JobKind.STEP] = 1

    ended = machine.push("one", build=BOTH)

    assert ended.exit_code == 7
    assert [job.kind for job in machine.supervisor.jobs] == [JobKind.STEP]
    clean_up(machine, APP)
    assert names(machine.place.slugs) == []


def test_packages_that_can_t_be_installed_leave_what_it_made_to_the_next_clean_up(
    machine: FakeMachine,
) -> None:
    machine.supervisor.statuses_of_jobs[JobKind.FETCH] = 1
    machine.supervisor.statuses_of_jobs[JobKind.BUILD] = 1
    machine.checkout_worker.compiled = {"build": BuildFiles()}

    assert machine.push("one", build=BuildFiles((PRE,))).exit_code == 7

    clean_up(machine, APP)
    assert names(machine.place.slugs) == []
