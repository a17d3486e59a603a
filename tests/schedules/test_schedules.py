"""What runs by the clock is what the live release says, whatever happens to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pushdeploy.apps.lifecycle import destroy_app
from pushdeploy.deploy.warnings import failed_jobs, warnings
from pushdeploy.errors import BusyError, NotFoundError, RefusedInputError
from pushdeploy.events import ScheduleChanged, Warned
from pushdeploy.model.ended import EndedAs
from pushdeploy.schedules.find import find_job
from pushdeploy.schedules.follow import follow_live
from pushdeploy.schedules.runs import run_noted, runs_of
from pushdeploy.schedules.suspend import resume, suspend
from tests.deploy.machine import APP

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine

CLEAN = {"command": "python manage.py clearsessions", "schedule": "0 3 * * *"}
DIGEST = {"command": "web", "name": "digest", "schedule": "@hourly", "heartbeat": "$BEAT"}


def app_json(*jobs: object) -> str:
    return json.dumps({"cron": jobs})


def timed(machine: FakeMachine) -> list[str]:
    return [job.name for job in machine.schedules.timed.get(APP, ())]


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """v1 has a job, v2 another beside it."""
    machine.push("one", app_json=app_json(CLEAN))
    machine.push("two", app_json=app_json(CLEAN, DIGEST))
    return machine


def test_a_deploy_brings_the_jobs_of_its_release(live: FakeMachine) -> None:
    assert timed(live) == ["clearsessions", "digest"]
    assert live.watching.one(ScheduleChanged) == ScheduleChanged(("clearsessions", "digest"))
    assert [job.name for job in live.records.release(1).cron] == ["clearsessions"]


def test_a_heartbeat_that_can_not_be_sent_is_told(live: FakeMachine) -> None:
    warned = live.watching.one(Warned)
    live.set_config(BEAT="https://hc-ping.com/1")
    live.push("three", app_json=app_json(CLEAN, DIGEST))

    assert warned == Warned(
        "the heartbeat of digest needs the config var `BEAT`, which is not set",
        hint="pushdeploy config:set BEAT=URL --app blog",
    )
    assert not any(isinstance(event, Warned) for event in live.watching.events)


def test_what_runs_is_below_the_link_that_the_switch_renames(live: FakeMachine) -> None:
    clean, digest = live.schedules.timed[APP]

    assert clean.script == live.place.current / "start/cron.clearsessions"
    assert "manage.py clearsessions'" in clean.script.read_text()
    assert clean.heartbeat is None
    assert digest.heartbeat == live.place.current / "start/heartbeat.digest"
    assert 'PUSHDEPLOY_HEARTBEAT="${BEAT-}"' in digest.heartbeat.read_text()


def test_a_command_that_is_a_process_type_runs_its_line(live: FakeMachine) -> None:
    web, digest = (live.place.live.start(name).read_text() for name in ("web", "cron.digest"))

    assert web.splitlines()[-1] == digest.splitlines()[-1]


def test_the_same_schedule_is_not_told_again(live: FakeMachine) -> None:
    live.push("three", app_json=app_json(CLEAN, DIGEST))

    assert "schedule.changed" not in live.watching.names()


def test_a_rollback_brings_the_old_ones_back(live: FakeMachine) -> None:
    live.rollback()

    assert timed(live) == ["clearsessions"]


def test_a_deploy_that_fails_leaves_them(live: FakeMachine) -> None:
    live.supervisor.crashing.add("worker")

    ended = live.push(
        "bad", "web: gunicorn app:app\nworker: python x.py\n", app_json=app_json(DIGEST)
    )

    assert ended.outcome is EndedAs.FAILED
    assert timed(live) == ["clearsessions", "digest"]


def test_a_release_without_any_ends_them(live: FakeMachine) -> None:
    live.push("three")

    assert timed(live) == []
    assert live.watching.one(ScheduleChanged) == ScheduleChanged(())


def test_a_bad_line_fails_the_deploy_before_it_is_built(live: FakeMachine) -> None:
    venvs = len(list(live.place.venvs.iterdir()))

    ended = live.push(
        "bad", requirements="flask\n", app_json=app_json({**CLEAN, "schedule": "0 99 * * *"})
    )

    assert ended.outcome is EndedAs.FAILED
    assert live.records.live() == 2
    assert "build.started" not in live.watching.names()
    assert len(list(live.place.venvs.iterdir())) == venvs
    assert timed(live) == ["clearsessions", "digest"]


def test_reconcile_and_a_boot_make_it_so_again(live: FakeMachine) -> None:
    live.schedules.timed.clear()
    assert "changed its schedule to the live release's" in live.reconcile()
    assert timed(live) == ["clearsessions", "digest"]

    live.schedules.timed.clear()
    live.boot()

    assert timed(live) == ["clearsessions", "digest"]
    assert live.reconcile() == []


def test_a_record_that_can_not_be_read_changes_nothing(live: FakeMachine) -> None:
    live.place.release(2).record.write_text("{")

    assert follow_live(live, live.records) == []
    assert timed(live) == ["clearsessions", "digest"]


def test_a_link_that_somebody_deleted_changes_nothing(live: FakeMachine) -> None:
    live.place.current.unlink()

    assert follow_live(live, live.records) == []
    assert timed(live) == ["clearsessions", "digest"]


def test_what_is_destroyed_runs_no_more(live: FakeMachine) -> None:
    destroy_app(live, APP, who="ada")

    assert timed(live) == []


def test_what_is_suspended_stays_so_through_a_deploy(live: FakeMachine) -> None:
    assert suspend(live, APP, "1", who="ada") == ("clearsessions", True)
    assert suspend(live, APP, "clearsessions", who="ada") == ("clearsessions", False)

    live.push("three", app_json=app_json(CLEAN))
    assert timed(live) == []

    assert resume(live, APP, "clearsessions", who="ada") == ("clearsessions", True)
    assert timed(live) == ["clearsessions"]


def test_what_the_repo_suspends_no_command_resumes(live: FakeMachine) -> None:
    live.push("three", app_json=app_json({**CLEAN, "maintenance": True}))
    assert timed(live) == []

    with pytest.raises(RefusedInputError, match="has `clearsessions` in maintenance"):
        resume(live, APP, "clearsessions", who="ada")


def test_where_there_is_no_clock_the_push_says_so(machine: FakeMachine) -> None:
    machine.schedules.refusal = "only systemd runs scheduled jobs"

    machine.push("one", app_json=app_json(CLEAN))

    warned = machine.watching.one(Warned)
    assert isinstance(warned, Warned)
    assert "only systemd runs scheduled jobs" in warned.text
    assert warned.hint == f"pushdeploy cron:run clearsessions --app {APP}"


def test_a_job_that_is_not_there_is_named_with_those_that_are(live: FakeMachine) -> None:
    with pytest.raises(NotFoundError, match="has no job `x`; it has: clearsessions, digest"):
        find_job(live.records, "x")

    assert find_job(live.records, "2").name == "digest"


def test_a_run_by_hand_is_noted(live: FakeMachine) -> None:
    assert run_noted(live, live.records, "digest", lambda: 3) == 3

    (run,) = runs_of(live.records, "digest")
    assert run.said(running=False) == "failed with status 3"


def test_a_job_that_runs_is_not_run_by_hand(live: FakeMachine) -> None:
    live.schedules.now = {"digest"}

    with pytest.raises(BusyError, match="`digest` is running"):
        run_noted(live, live.records, "digest", lambda: 0)

    assert runs_of(live.records, "digest") == []


def test_a_job_that_somebody_else_runs_by_hand_is_not_run_twice(live: FakeMachine) -> None:
    def again() -> int:
        with pytest.raises(BusyError, match="`digest` is running"):
            run_noted(live, live.records, "digest", lambda: 0)
        return 0

    assert run_noted(live, live.records, "digest", again) == 0
    assert len(runs_of(live.records, "digest")) == 1


def test_a_job_that_failed_is_told_with_the_next_push_until_it_runs_well(
    live: FakeMachine,
) -> None:
    run_noted(live, live.records, "digest", lambda: 3)

    (told,) = failed_jobs(live.records, live.now() + 7200.0)
    assert told.text == "the scheduled job `digest` failed with status 3, 2h ago"
    assert told.hint == f"pushdeploy logs -p cron.digest --app {APP}"
    assert warnings(live.records, live.now())[-1].text.startswith("the scheduled job")
    run_noted(live, live.records, "digest", lambda: 0)
    assert failed_jobs(live.records, live.now()) == []


def test_old_runs_are_forgotten(live: FakeMachine) -> None:
    for _ in range(250):
        run_noted(live, live.records, "digest", lambda: 0)

    follow_live(live, live.records)

    assert len(runs_of(live.records, "digest")) == 100
