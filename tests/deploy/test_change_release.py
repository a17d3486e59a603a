"""Renewing: config vars, restarts and scaling go the way of a deploy, from the live release."""

from __future__ import annotations

import pytest

from pushdeploy.errors import UsageError
from pushdeploy.events import AttemptFailed, Warned
from pushdeploy.model.job import JobKind
from pushdeploy.model.release import Kind
from tests.deploy.machine import FakeMachine, names

WITH_WORKER = "web: gunicorn app:app\nworker: python work.py\nrelease: python migrate.py\n"


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """A machine on which v1 serves, with a worker."""
    machine.push("one", WITH_WORKER)
    machine.supervisor.calls.clear()
    return machine


def test_a_config_var_makes_a_release_that_has_it_and_leaves_the_old_one_as_it_was(
    live: FakeMachine,
) -> None:
    ended = live.set_config(COLOUR="green")

    assert (ended.outcome, ended.release) == ("live", 2)
    assert live.records.environment().values == {"COLOUR": "green"}
    assert "COLOUR" not in live.place.release(1).environment.read_text()
    assert live.answer() == "v2"
    assert live.running() == ["v1 web.1", "v2 web.1", "v2 worker.1"]
    release = live.records.release(2)
    assert (release.kind, release.description) == (Kind.CONFIG, "Set config vars")


def test_renewing_neither_builds_nor_runs_the_release_phase(live: FakeMachine) -> None:
    live.set_config(COLOUR="green")

    assert not [call for call in live.supervisor.calls if call[0] == "once"]
    assert live.checkout_worker.asked.count("check_out") == 1
    assert len(names(live.place.slugs)) == 1


def test_a_config_var_that_breaks_the_app_does_not_take_it_down(live: FakeMachine) -> None:
    live.supervisor.answers[2] = (500, "")

    ended = live.set_config(COLOUR="green")

    assert ended.exit_code == 7
    assert live.records.environment().values == {}
    assert live.answer() == "v1"
    assert live.running() == ["v1 web.1", "v1 worker.1"]


def test_a_config_var_that_is_so_already_makes_no_release(live: FakeMachine) -> None:
    live.set_config(COLOUR="green")

    ended = live.set_config(COLOUR="green")

    assert (ended.outcome, ended.exit_code) == ("nothing", 0)
    assert live.records.live() == 2


def test_a_name_that_is_no_config_var_touches_nothing(live: FakeMachine) -> None:
    with pytest.raises(UsageError):
        live.set_config(**{"2x": "green"})

    assert live.records.live() == 1
    assert len(live.records.attempts()) == 1


def test_config_vars_before_the_first_push_wait_for_it(machine: FakeMachine) -> None:
    recorded = machine.set_config(COLOUR="green")
    machine.push("one")

    assert recorded.outcome == "recorded"
    assert machine.place.release(1).environment.read_text() == "export COLOUR='green'\n"


def test_config_vars_wait_for_the_first_push_that_succeeds(machine: FakeMachine) -> None:
    machine.set_config(COLOUR="green")
    machine.supervisor.statuses_of_jobs[JobKind.BUILD] = 1
    machine.push("one")
    machine.supervisor.statuses_of_jobs.clear()

    machine.push("two")

    assert machine.records.environment().values == {"COLOUR": "green"}


def test_a_restart_is_a_release_of_the_same_commit(live: FakeMachine) -> None:
    ended = live.restart()

    assert (ended.outcome, ended.release) == ("live", 2)
    assert live.records.release(2).commit == live.records.release(1).commit
    assert live.running() == ["v1 web.1", "v2 web.1", "v2 worker.1"]


def test_a_restart_takes_the_live_release_and_not_what_was_pushed_since(live: FakeMachine) -> None:
    live.supervisor.statuses_of_jobs[JobKind.RELEASE_PHASE] = 1
    live.push("two", WITH_WORKER)

    live.restart()

    assert live.records.current() is not None
    assert live.records.release(3).commit.subject == "Subject of one"


def test_scaling_starts_that_many_and_is_kept_by_the_next_deploy(live: FakeMachine) -> None:
    live.scale("worker=3")
    scaled = live.running()
    live.push("two", WITH_WORKER)

    assert scaled == ["v1 web.1", "v2 web.1", "v2 worker.1", "v2 worker.2", "v2 worker.3"]
    assert live.running()[1:] == ["v3 web.1", "v3 worker.1", "v3 worker.2", "v3 worker.3"]


def test_scaling_that_fails_brings_back_as_many_old_workers_as_there_were(
    live: FakeMachine,
) -> None:
    live.scale("worker=3")
    live.supervisor.crashing.add("pushdeploy-blog.v3.worker.1")

    ended = live.scale("worker=1")

    assert ended.exit_code == 7
    assert live.records.settings().formation.instances("worker") == 3
    assert live.running()[1:] == ["v2 web.1", "v2 worker.1", "v2 worker.2", "v2 worker.3"]


def test_scaling_that_is_killed_before_the_switch_has_not_happened(live: FakeMachine) -> None:
    seen = []

    def look(call: str) -> None:
        if call == "start":
            seen.append(live.records.settings().formation.instances("worker"))

    live.supervisor.on_call = look

    live.scale("worker=3")

    assert seen[0] == 1
    assert live.records.settings().formation.instances("worker") == 3


def test_a_failed_renewal_says_what_is_live(live: FakeMachine) -> None:
    live.supervisor.answers[2] = (503, "")

    live.restart()

    told = live.watching.one(AttemptFailed)
    assert isinstance(told, AttemptFailed)
    assert told.still_live == 1


def test_while_the_maintenance_page_is_on_each_attempt_says_how_to_turn_it_off(
    live: FakeMachine,
) -> None:
    live.place.maintenance.write_text("Back at 9")

    live.restart()
    restarted = live.watching.one(Warned)
    live.rollback()

    assert restarted == live.watching.one(Warned)
    assert restarted == Warned(
        "visitors still get the maintenance page", "pushdeploy maintenance:off --app blog"
    )


def test_after_a_failed_change_the_hint_fits_what_was_changed(live: FakeMachine) -> None:
    live.supervisor.answers[2] = live.supervisor.answers[3] = (500, "")

    config = live.set_config(COLOUR="green")
    restarted = live.restart()

    assert config.hint == "choose another value, or push code that works with it"
    assert restarted.hint == "fix what the app misses, then: pushdeploy restart --app blog"
