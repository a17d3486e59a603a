"""A deploy: which events it reports, and what runs afterwards."""

from __future__ import annotations

import errno
import math
import socket
import time
from typing import TYPE_CHECKING

import pytest

from pushdeploy.build.venv import BUILD_SECONDS, OUT_OF_MEMORY, OUT_OF_TASKS
from pushdeploy.deploy.health import DEADLINE_SECONDS, FRONT_SECONDS, front_seconds
from pushdeploy.deploy.stuck import STEADY_SECONDS
from pushdeploy.errors import RefusedInputError
from pushdeploy.events import (
    AttemptEnded,
    AttemptFailed,
    BuildOutput,
    Event,
    Switched,
    WebUnhealthy,
    WentLive,
    WorkersChanged,
)
from pushdeploy.model.attempt import Outcome
from pushdeploy.model.health import HealthCheck
from pushdeploy.model.instance import State
from pushdeploy.model.job import JobKind
from tests.deploy.machine import APP, FakeMachine, names
from tests.tiers import slow

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.deploy.fakes import Unit

WITH_WORKER = "web: gunicorn app:app\nworker: python work.py\n"
PATIENT = '{"healthchecks": {"web": [{"path": "/", "timeout": 30}]}}'
WITH_RELEASE = "web: gunicorn app:app\nrelease: python migrate.py\n"


def failure(machine: FakeMachine) -> AttemptFailed:
    """The event that tells why."""
    event = machine.watching.one(AttemptFailed)
    assert isinstance(event, AttemptFailed)
    return event


def test_the_first_deploy_goes_through_every_step_and_answers_at_the_apps_port(
    machine: FakeMachine,
) -> None:
    ended = machine.push("one", WITH_WORKER + "release: python migrate.py\n")

    assert (ended.outcome, ended.exit_code, ended.release) == ("live", 0, 1)
    assert machine.watching.names() == [
        "attempt.started",
        "checkout.finished",
        "procfile.read",
        "formation.defaulted",
        "build.python",
        "build.started",
        "build.output",
        "build.finished",
        "release_phase.started",
        "release_phase.output",
        "release_phase.finished",
        "web.starting",
        "web.healthy",
        "release.switched",
        "workers.changed",
        "web.stayed_up",
        "release.live",
        "attempt.ended",
    ]
    assert machine.running() == ["v1 web.1", "v1 worker.1"]
    assert machine.answer() == "v1"
    assert machine.is_whole()


def test_the_second_deploy_takes_over_and_keeps_the_first_web_process_warm(
    machine: FakeMachine,
) -> None:
    machine.push("one", WITH_WORKER)

    ended = machine.push("two", WITH_WORKER)

    assert (ended.outcome, ended.release) == ("live", 2)
    assert machine.answer() == "v2"
    assert machine.running() == ["v1 web.1", "v2 web.1", "v2 worker.1"]
    assert machine.records.history().warm == {1: machine.clock.time + 600 - elapsed(machine)}
    assert machine.supervisor.twice == set(), "two releases' workers ran at once"


def elapsed(machine: FakeMachine) -> float:
    """Seconds that passed since the warm time was written."""
    return machine.clock.time + 600 - machine.records.history().warm[1]


def test_a_deploy_reuses_the_slug_and_the_venv_of_an_equal_tree(machine: FakeMachine) -> None:
    machine.push("one")

    machine.deploy()

    assert machine.watching.names()[:4] == [
        "attempt.started",
        "checkout.finished",
        "procfile.read",
        "build.python",
    ]
    assert "build.started" not in machine.watching.names()
    assert len(names(machine.place.slugs)) == 1
    assert len(names(machine.place.venvs)) == 1


def test_what_went_live_is_told_with_its_address(machine: FakeMachine) -> None:
    machine.push("one")

    told = machine.watching.one(WentLive)

    assert isinstance(told, WentLive)
    assert (told.app, told.release) == (APP, 1)
    assert told.addresses == (f"http://127.0.0.1:{machine.records.settings().port}",)


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """A machine on which v1 serves, with a worker."""
    machine.push("one", WITH_WORKER)
    return machine


def assert_v1_serves_untouched(machine: FakeMachine, *, attempts: int = 2) -> None:
    """What every failure before the switch leaves."""
    assert machine.answer() == "v1"
    assert machine.running() == ["v1 web.1", "v1 worker.1"]
    assert machine.records.live() == 1
    assert machine.records.history().intent is None
    assert [one.outcome for one in machine.records.attempts()] == ["live", "failed"]
    assert not [call for call in machine.supervisor.calls if call[:2] == ("stop", "v1")]
    assert len(machine.records.attempts()) == attempts


def test_a_refused_tree_ends_the_deploy_before_anything_is_built(live: FakeMachine) -> None:
    live.supervisor.calls.clear()
    commit = live.checkout_worker.commit("two")
    live.checkout_worker.refusals[commit] = RefusedInputError(
        "`instance` is storage", hint="git rm"
    )

    ended = live.push("two")

    assert (ended.outcome, ended.exit_code, ended.text) == ("failed", 7, "`instance` is storage")
    assert failure(live).hint == "git rm"
    assert failure(live).still_live == 1
    assert [call[0] for call in live.supervisor.calls if call[0] in ("once", "start")] == []
    assert_v1_serves_untouched(live)


def test_a_procfile_that_only_the_engine_sees_is_refused_too(live: FakeMachine) -> None:
    ended = live.push("two", "release: python work.py\n")

    assert ended.exit_code == 7
    assert "web" in failure(live).reason
    assert_v1_serves_untouched(live)


def test_a_build_that_fails_leaves_no_venv_behind(live: FakeMachine) -> None:
    live.supervisor.statuses_of_jobs[JobKind.BUILD] = 1

    ended = live.push("two", requirements="gunicorn\nnonsense\n")

    assert ended.exit_code == 7
    assert "requirements.txt" in failure(live).reason
    assert not failure(live).release_phase
    assert len(names(live.place.venvs)) == 1
    assert live.releases() == ["v1"]
    assert_v1_serves_untouched(live)


@pytest.mark.parametrize(
    ("status", "words"), [(OUT_OF_MEMORY, "more memory than"), (OUT_OF_TASKS, "more than 512")]
)
def test_a_build_that_meets_a_limit_says_which(live: FakeMachine, status: int, words: str) -> None:
    live.supervisor.statuses_of_jobs[JobKind.BUILD] = status

    ended = live.push("two", requirements="gunicorn\nhungry\n")

    assert ended.exit_code == 7
    assert words in failure(live).reason
    assert len(names(live.place.venvs)) == 1
    assert_v1_serves_untouched(live)


def test_a_build_that_takes_too_long_says_so(live: FakeMachine) -> None:
    live.supervisor.during[JobKind.BUILD] = lambda: live.clock.sleep(BUILD_SECONDS)
    live.supervisor.statuses_of_jobs[JobKind.BUILD] = 1

    ended = live.push("two", requirements="gunicorn\nendless\n")

    assert ended.exit_code == 7
    assert "was stopped after 20 minutes" in failure(live).reason
    assert_v1_serves_untouched(live)


def test_what_uv_says_of_the_python_is_not_said_again(live: FakeMachine) -> None:
    said = ["Using Python 3.11.2 environment at: /somewhere", "Installed 3 packages"]
    live.supervisor.output_of_jobs[JobKind.BUILD] = said
    live.supervisor.statuses_of_jobs[JobKind.FETCH] = 2

    live.push("two", requirements="gunicorn\nmore\n")

    told = [event.line for event in live.watching.events if isinstance(event, BuildOutput)]
    assert told == ["Installed 1 package in 1ms", "Installed 3 packages"]


def test_a_builder_that_says_all_is_well_without_a_complete_venv_is_not_believed(
    live: FakeMachine,
) -> None:
    def unfinish() -> None:
        for folder in live.place.venvs.iterdir():
            if not (folder / ".complete").exists():
                folder.chmod(0o700)
                (folder / ".complete").mkdir()
                (folder / ".complete").rmdir()

    live.supervisor.during[JobKind.BUILD] = unfinish
    live.supervisor.statuses_of_jobs[JobKind.BUILD] = 2

    ended = live.push("two", requirements="gunicorn\nmore\n")

    assert ended.exit_code == 7
    assert_v1_serves_untouched(live)


def test_a_release_phase_that_fails_says_that_it_ran(live: FakeMachine) -> None:
    live.supervisor.statuses_of_jobs[JobKind.RELEASE_PHASE] = 3

    ended = live.push("two", WITH_RELEASE)

    assert ended.exit_code == 7
    assert failure(live).reason == "the release command `python migrate.py` failed with status 3"
    assert failure(live).release_phase
    assert live.records.attempts()[-1].release_phase
    assert "web.starting" not in live.watching.names()
    assert_v1_serves_untouched(live)


def test_a_release_phase_that_writes_into_the_code_is_told_what_makes_it_work(
    live: FakeMachine,
) -> None:
    live.supervisor.statuses_of_jobs[JobKind.RELEASE_PHASE] = 1
    live.supervisor.output_of_jobs[JobKind.RELEASE_PHASE] = [
        "OSError: [Errno 30] Read-only file system: 'instance'"
    ]

    ended = live.push("two", WITH_RELEASE)

    assert ended.exit_code == 7
    assert failure(live).hint == f"pushdeploy storage:add instance/ --app {APP}"


def test_a_web_process_that_crashes_is_reported_with_its_last_words(live: FakeMachine) -> None:
    live.supervisor.crashing.add("pushdeploy-blog.v2.web")
    live.supervisor.printed["web"] = ["ModuleNotFoundError: No module named 'nope'"]

    ended = live.push("two", WITH_WORKER)

    assert ended.exit_code == 7
    assert failure(live).reason == "the web process of v2 exits as soon as it starts"
    assert "  ModuleNotFoundError: No module named 'nope'" in failure(live).report
    assert "release.switched" not in live.watching.names()
    assert_v1_serves_untouched(live)


def test_a_web_line_that_names_what_is_not_there_is_to_be_fixed(live: FakeMachine) -> None:
    live.supervisor.crashing.add("pushdeploy-blog.v2.web")
    live.supervisor.printed["web"] = ["ModuleNotFoundError: No module named 'ap'"]

    live.push("two", "web: gunicorn ap:app\n")

    assert (failure(live).hint or "").startswith("fix the web line of the Procfile, commit, and ")


def test_a_web_process_that_answers_500_is_reported_with_the_answer(live: FakeMachine) -> None:
    live.supervisor.answers[2] = (500, "no such table: posts")

    ended = live.push("two", WITH_WORKER)

    assert ended.exit_code == 7
    assert failure(live).reason == "v2 is not healthy: GET / answered 500 Internal Server Error"
    assert "  no such table: posts" in failure(live).report
    told = live.watching.one(WebUnhealthy)
    assert told == WebUnhealthy(2, "GET / answered 500 Internal Server Error")
    assert_v1_serves_untouched(live)


def test_who_answers_500_all_the_time_is_not_waited_for_to_the_end(live: FakeMachine) -> None:
    live.supervisor.answers[2] = (500, "no such table: posts")
    began = live.monotonic()

    live.push("two", WITH_WORKER)

    assert STEADY_SECONDS <= live.monotonic() - began < DEADLINE_SECONDS / 2


def test_a_check_of_the_apps_own_says_how_long_a_500_is_waited_for(live: FakeMachine) -> None:
    live.supervisor.answers[2] = (500, "no such table: posts")
    began = live.monotonic()

    live.push("two", WITH_WORKER, app_json=PATIENT)

    assert live.monotonic() - began > DEADLINE_SECONDS


def test_a_failed_release_is_stopped_and_the_next_push_succeeds(live: FakeMachine) -> None:
    live.supervisor.answers[2] = (500, "")
    live.push("two", WITH_WORKER)

    ended = live.push("three", WITH_WORKER)

    assert (ended.outcome, ended.release) == ("live", 3)
    assert live.answer() == "v3"
    assert live.running() == ["v1 web.1", "v3 web.1", "v3 worker.1"]


def test_a_front_that_somebody_else_holds_fails_the_first_deploy(machine: FakeMachine) -> None:
    port = machine.records.settings().port

    with socket.create_server(("127.0.0.1", port)):
        ended = machine.push("one")

    assert ended.exit_code == 7
    assert failure(machine).reason.startswith(f"port {port} of `blog` is taken by `")
    assert failure(machine).still_live is None
    assert machine.records.live() is None
    assert not machine.place.current.is_symlink()
    assert machine.running() == []


@pytest.mark.parametrize(("timeout", "seconds"), [(5, FRONT_SECONDS), (30, 30)])
def test_the_front_waits_as_long_as_the_apps_own_check(timeout: float, seconds: float) -> None:
    assert front_seconds(HealthCheck(timeout=timeout)) == seconds


@slow
def test_an_app_that_takes_as_long_through_the_front_as_its_check_allows_goes_live(
    machine: FakeMachine,
) -> None:
    late = iter([0.0, FRONT_SECONDS + 1])

    def answer(release: int) -> tuple[int, str]:
        time.sleep(next(late, 0.0))
        return 200, f"v{release}"

    machine.supervisor.answer_by = answer

    ended = machine.push("one", app_json=PATIENT)

    assert ended.outcome == "live"
    assert machine.answer() == "v1"


def web_falls(machine: FakeMachine, unit: str, how: Callable[[Unit], None]) -> None:
    """Have a web process fall after it has answered its check, once it is live."""

    def fall(event: Event) -> None:
        if isinstance(event, Switched):
            how(machine.supervisor.units[unit])

    machine.watching.on_event = fall


def end(unit: Unit) -> None:
    """It ends, and the supervisor waits before it starts it again."""
    unit.state = State.CRASHED


def start_again(unit: Unit) -> None:
    """It has ended and been started again between two looks."""
    unit.restarts, unit.since = 1, math.inf


@pytest.mark.parametrize("how", [end, start_again])
def test_web_that_answers_once_and_ends_takes_everything_back(
    live: FakeMachine, how: Callable[[Unit], None]
) -> None:
    live.supervisor.printed["web"] = ["KeyError: 'SECRET'"]
    web_falls(live, "pushdeploy-blog.v2.web", how)

    ended = live.push("two")

    assert ended.exit_code == 7
    assert failure(live).reason == ("the web process of v2 passed its check and ended within 3 s")
    assert "  KeyError: 'SECRET'" in failure(live).report
    assert failure(live).still_live == 1
    assert_v1_serves_untouched(live)


def test_a_first_release_whose_web_ends_leaves_nothing_live(machine: FakeMachine) -> None:
    web_falls(machine, "pushdeploy-blog.v1.web", end)

    ended = machine.push("one")

    assert ended.exit_code == 7
    assert failure(machine).still_live is None
    assert machine.records.live() is None
    assert machine.running() == []
    assert machine.supervisor.fronts() == []
    assert machine.reconcile() == []


def test_web_that_answers_otherwise_after_the_switch_takes_everything_back(
    live: FakeMachine,
) -> None:
    def break_it(_: Unit) -> None:
        switched = live.clock.time

        def look() -> None:
            if live.clock.time > switched + 1:
                live.supervisor.answers[2] = (500, "no more")

        live.clock.on_now = look

    web_falls(live, "pushdeploy-blog.v2.web", break_it)

    ended = live.push("two", app_json=PATIENT)

    assert ended.exit_code == 7
    assert "passed its check and no longer answers" in failure(live).reason
    assert "500" in failure(live).reason
    assert_v1_serves_untouched(live)


def test_a_warm_release_is_not_watched_again(live: FakeMachine) -> None:
    live.push("two")

    assert live.rollback().exit_code == 0

    assert "web.stayed_up" not in live.watching.names()


def test_a_host_that_django_refuses_is_not_asked_for_again(live: FakeMachine) -> None:
    live.supervisor.answers[2] = (400, "<h1>Bad Request (400)</h1>")

    ended = live.push("two")

    assert ended.exit_code == 7
    assert "ALLOWED_HOSTS" in "\n".join(failure(live).report)
    assert "web.unhealthy" not in live.watching.names()
    assert_v1_serves_untouched(live)


def test_a_worker_that_falls_after_the_switch_takes_everything_back(live: FakeMachine) -> None:
    live.supervisor.crashing.add("pushdeploy-blog.v2.worker.1")
    live.supervisor.printed["worker"] = ["KeyError: 'QUEUE'"]

    ended = live.push("two", WITH_WORKER)

    assert ended.exit_code == 7
    assert failure(live).reason == "`worker.1` of v2 did not stay up for 3 s"
    assert "  KeyError: 'QUEUE'" in failure(live).report
    assert failure(live).still_live == 1
    assert live.watching.names()[-5:] == [
        "web.healthy",
        "release.switched",
        "workers.changed",
        "attempt.failed",
        "attempt.ended",
    ]
    again = live.watching.one(WorkersChanged)
    assert isinstance(again, WorkersChanged)
    assert again.back_to == 1
    assert live.supervisor.twice == set()
    assert_v1_serves_untouched(live)


def test_old_workers_that_fall_too_do_not_hide_why_the_deploy_failed(live: FakeMachine) -> None:
    live.supervisor.crashing.add("worker")

    ended = live.push("two", WITH_WORKER)

    assert ended.exit_code == 7
    assert failure(live).reason == "`worker.1` of v2 did not stay up for 3 s"
    assert live.records.live() == 1
    assert live.answer() == "v1"


def test_our_own_bug_after_the_switch_takes_everything_back(live: FakeMachine) -> None:
    def break_down(call: str) -> None:
        if call == "open_front":
            live.supervisor.on_call = lambda _: None
            raise OSError(errno.EMFILE, "too many open files")

    live.supervisor.on_call = break_down

    ended = live.push("two", WITH_WORKER)

    assert ended.exit_code == 70
    assert "too many open files" in failure(live).reason
    assert failure(live).still_live == 1
    assert_v1_serves_untouched(live)


def test_a_deploy_without_gunicorn_in_its_requirements_gets_it_and_says_so(
    machine: FakeMachine,
) -> None:
    ended = machine.push("one", requirements="flask\n")

    assert ended.exit_code == 0
    assert "build.gunicorn_added" in machine.watching.names()


def test_the_answer_comes_last_and_once(live: FakeMachine) -> None:
    live.supervisor.answers[2] = (500, "")

    live.push("two", WITH_WORKER)

    ends = [event for event in live.watching.events if isinstance(event, AttemptEnded)]
    assert ends == [AttemptEnded(Outcome.FAILED, 7, None)]
    assert live.watching.events[-1] is ends[0]


def test_nothing_of_an_old_release_runs_when_warm_is_turned_off(live: FakeMachine) -> None:
    live.settings(warm=0)

    live.push("two", WITH_WORKER)

    assert live.running() == ["v2 web.1", "v2 worker.1"]
    assert live.records.history().warm == {}


def test_only_one_old_release_is_warm(live: FakeMachine) -> None:
    live.push("two", WITH_WORKER)

    live.push("three", WITH_WORKER)

    assert live.running() == ["v2 web.1", "v3 web.1", "v3 worker.1"]


def test_a_worker_that_a_new_procfile_no_longer_has_is_stopped(live: FakeMachine) -> None:
    live.push("two", "web: gunicorn app:app\n")

    assert live.running() == ["v1 web.1", "v2 web.1"]
