"""Build steps in the story: when they run, what a release keeps of them, and what is left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pushdeploy.build.stepper import read_private
from pushdeploy.deploy.cleanup import clean_up
from pushdeploy.events import AttemptFailed, StepsFinished, StepStarted
from pushdeploy.model.build_step import BuildFiles
from pushdeploy.model.job import PRIVATE_VARIABLE, Job, JobKind
from pushdeploy.model.static_mount import StaticMount
from pushdeploy.model.step_said import MARK
from tests.deploy.machine import APP, FakeMachine, names

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.ended import Ended

HOOK = BuildFiles(("bin/post_compile",))


def push(machine: FakeMachine, name: str) -> Ended:
    """A commit with a hook, whose job says that it begins."""
    machine.supervisor.output_of_jobs[JobKind.STEP] = [f'{MARK}{{"begun": 0}}', "hello"]
    return machine.push(name, build=HOOK)


def steps(machine: FakeMachine) -> list[Job]:
    """The jobs that ran build steps."""
    return [job for job in machine.supervisor.jobs if job.kind is JobKind.STEP]


def test_a_tree_without_steps_runs_its_slug_and_starts_nothing_more(machine: FakeMachine) -> None:
    machine.push("one")

    release = machine.records.release(1)
    assert (release.source, release.steps, release.checked_out) == ("", (), release.slug)
    assert steps(machine) == []
    assert "open_folders" not in machine.checkout_worker.asked
    assert names(machine.place.release(1).root) == [
        *("code", "environment", "release.json", "run", "start", "venv")
    ]


def test_what_steps_made_is_the_release_s_own_and_the_source_stays(machine: FakeMachine) -> None:
    push(machine, "one")

    release = machine.records.release(1)
    assert release.steps == ("bin/post_compile",)
    assert release.slug != release.source
    assert names(machine.place.slugs) == sorted([release.slug, release.source])
    assert (machine.place.release(1).source).resolve().name == release.source
    told = machine.watching.one(StepStarted)
    assert isinstance(told, StepStarted)
    assert told.command == "bin/post_compile"


def test_a_step_sees_config_vars_by_a_file_of_its_own_and_no_secret_place(
    machine: FakeMachine,
) -> None:
    machine.set_config(KEY="value")
    push(machine, "one")

    (job,) = steps(machine)
    release = machine.records.release(1)
    assert job.private == (("KEY", "value"),)
    assert "value" not in str((job.argv, job.environment))
    assert job.writable == (machine.place.slugs / release.slug, machine.place.step_work)
    assert set(job.hidden) >= {
        *(machine.place.releases, machine.place.shared, machine.place.home),
        *(machine.place.pending_environment, machine.place.build_cache),
    }


def test_new_config_vars_do_not_put_the_former_code_out_of_reach(machine: FakeMachine) -> None:
    push(machine, "one")
    push(machine, "two")

    for value in "1234567":
        machine.set_config(KEY=value)
        machine.deploy()
        clean_up(machine, APP)

    kept = [machine.records.release(number) for number in machine.records.numbers()]
    assert len({release.source for release in kept}) == len(["one", "two"])


def test_the_same_inputs_run_nothing_again(machine: FakeMachine) -> None:
    push(machine, "one")

    machine.deploy()

    assert len(steps(machine)) == 1
    assert machine.records.release(2).slug == machine.records.release(1).slug
    told = machine.watching.one(StepsFinished)
    assert isinstance(told, StepsFinished)
    assert told.reused


def test_another_tree_runs_them_again(machine: FakeMachine) -> None:
    push(machine, "one")
    push(machine, "two")

    assert len(steps(machine)) == 2


def test_a_config_var_does_not_run_them_but_the_next_deploy_does(machine: FakeMachine) -> None:
    push(machine, "one")

    machine.set_config(KEY="value")
    assert len(steps(machine)) == 1
    assert machine.records.release(2).slug == machine.records.release(1).slug

    machine.deploy()
    assert len(steps(machine)) == 2
    assert machine.records.release(3).slug != machine.records.release(1).slug


def test_going_back_to_former_config_vars_finds_the_former_output(machine: FakeMachine) -> None:
    push(machine, "one")
    machine.set_config(KEY="value")
    machine.deploy()
    machine.rollback(1)

    machine.deploy()

    assert len(steps(machine)) == 2
    assert machine.records.release(4).slug == machine.records.release(1).slug


def test_a_step_that_fails_fails_the_deploy_and_leaves_nothing(machine: FakeMachine) -> None:
    machine.push("zero")
    machine.supervisor.statuses_of_jobs[JobKind.STEP] = 3

    ended = push(machine, "one")

    assert ended.outcome == "failed"
    told = machine.watching.one(AttemptFailed)
    assert isinstance(told, AttemptFailed)
    assert told.reason == "`bin/post_compile` failed with status 3"
    assert machine.answer() == "v1"
    machine.reconcile()
    assert names(machine.place.slugs) == [machine.records.release(1).slug]


def test_a_step_that_is_too_slow_says_so(machine: FakeMachine) -> None:
    machine.supervisor.statuses_of_jobs[JobKind.STEP] = 1
    machine.supervisor.during[JobKind.STEP] = lambda: machine.clock.sleep(1200)

    push(machine, "one")

    told = machine.watching.one(AttemptFailed)
    assert isinstance(told, AttemptFailed)
    assert "20 minutes" in told.reason


def collected(machine: FakeMachine, url: str) -> None:
    """The next build step collects a folder for this URL."""

    def collect() -> None:
        (steps(machine)[-1].writable[0] / "staticfiles").mkdir()

    said = json.dumps({"static": [url, "staticfiles"]})
    machine.supervisor.during[JobKind.STEP] = collect
    machine.supervisor.output_of_jobs[JobKind.STEP] = [f"{MARK}{said}"]


def test_what_was_collected_for_another_url_is_served_there(machine: FakeMachine) -> None:
    collected(machine, "/assets/")

    machine.push("one", build=HOOK)

    mount = StaticMount("/assets", "staticfiles")
    assert machine.records.release(1).static == (mount,)
    assert machine.records.settings().static == (mount,)
    assert not machine.place.release(1).public.exists()


def test_what_a_person_has_set_for_the_url_stays(machine: FakeMachine) -> None:
    own = StaticMount("/assets", "dist")
    machine.settings(static=(own,))
    collected(machine, "/assets/")

    machine.push("one", build=HOOK)

    assert machine.records.release(1).static == ()
    assert machine.records.settings().static == (own,)


def test_what_was_collected_is_a_static_mount_of_the_release(machine: FakeMachine) -> None:
    collected(machine, "/static/")

    machine.push("one", build=HOOK)

    release = machine.records.release(1)
    assert release.static == (StaticMount("/static", "staticfiles"),)
    link = machine.place.release(1).public / "static"
    assert link.resolve() == machine.place.slugs / release.slug / "staticfiles"


def test_the_private_part_of_an_environment_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "private"
    path.write_bytes(b"ONE=1=1\0TWO=a\nb\0EMPTY=\0")

    found = read_private({"HOME": "/x", PRIVATE_VARIABLE: str(path)})

    assert found == {"HOME": "/x", "ONE": "1=1", "TWO": "a\nb", "EMPTY": ""}
