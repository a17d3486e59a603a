"""Rollback: where it goes to, and that it builds nothing and never makes things worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.boot import warm_releases
from pushdeploy.errors import NotFoundError, NothingToRollBackToError
from pushdeploy.events import RolledBack
from pushdeploy.model.convergence import Occasion
from pushdeploy.model.instance import State
from pushdeploy.system.files import delete_tree
from tests.deploy.machine import APP

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine

WITH_WORKER = "web: gunicorn app:app\nworker: python work.py\n"


@pytest.fixture
def three(machine: FakeMachine) -> FakeMachine:
    """A machine with v1, v2 (warm) and v3 (live)."""
    for name in ("one", "two", "three"):
        machine.push(name, WITH_WORKER)
    machine.supervisor.calls.clear()
    return machine


def told(machine: FakeMachine) -> RolledBack:
    """The event that says it."""
    event = machine.watching.one(RolledBack)
    assert isinstance(event, RolledBack)
    return event


def test_a_warm_release_answers_again_without_being_started(three: FakeMachine) -> None:
    starts = three.supervisor.units["pushdeploy-blog.v2.web"].server

    ended = three.rollback()

    assert (ended.outcome, ended.exit_code, ended.release) == ("live", 0, 2)
    assert three.watching.names() == [
        "attempt.started",
        "web.healthy",
        "release.switched",
        "workers.changed",
        "release.rolled_back",
        "attempt.ended",
    ]
    assert (told(three).warm, told(three).release, told(three).previous) == (True, 2, 3)
    assert three.supervisor.units["pushdeploy-blog.v2.web"].server is starts
    assert three.answer() == "v2"
    assert three.running() == ["v2 web.1", "v2 worker.1", "v3 web.1"]
    assert three.supervisor.twice == set()


def test_only_a_release_that_runs_is_called_warm(three: FakeMachine) -> None:
    def warm() -> list[int]:
        return warm_releases(three, APP, three.records.history())

    before = warm()
    three.supervisor.units["pushdeploy-blog.v2.web"].state = State.DOWN

    assert before == [2]
    assert warm() == []


def test_a_cold_release_is_started_first(three: FakeMachine) -> None:
    ended = three.rollback(1)

    assert ended.exit_code == 0
    assert not told(three).warm
    assert three.answer() == "v1"
    assert three.running() == ["v1 web.1", "v1 worker.1", "v3 web.1"]


def test_going_back_builds_nothing_and_asks_the_repo_nothing(three: FakeMachine) -> None:
    three.checkout_worker.asked.clear()

    three.rollback()

    assert three.checkout_worker.asked == []
    assert not [call for call in three.supervisor.calls if call[0] == "once"]


def test_a_second_rollback_goes_further_back_and_not_to_and_fro(three: FakeMachine) -> None:
    three.rollback()

    three.rollback()

    assert three.answer() == "v1"
    with pytest.raises(NothingToRollBackToError):
        three.rollback()
    assert three.answer() == "v1"


def test_after_undoing_a_rollback_the_next_one_goes_where_the_first_went(
    three: FakeMachine,
) -> None:
    three.rollback()
    three.rollback(3)

    three.rollback()

    assert three.answer() == "v2"


def test_the_first_release_has_nowhere_to_go(machine: FakeMachine) -> None:
    machine.push("one")

    with pytest.raises(NothingToRollBackToError) as refusal:
        machine.rollback()

    assert refusal.value.exit_code == 8
    assert machine.answer() == "v1"
    assert len(machine.records.attempts()) == 1


def test_an_app_without_a_release_has_nowhere_to_go(machine: FakeMachine) -> None:
    with pytest.raises(NothingToRollBackToError, match="nothing"):
        machine.rollback()


def test_the_live_release_is_no_place_to_go_back_to(three: FakeMachine) -> None:
    with pytest.raises(NothingToRollBackToError, match="v3 of `blog` is live already"):
        three.rollback(3)


def test_a_release_that_never_went_live_is_never_gone_back_to(three: FakeMachine) -> None:
    three.supervisor.answers[4] = (500, "")
    three.push("four", WITH_WORKER)

    with pytest.raises(NothingToRollBackToError, match="never went live"):
        three.rollback(4)
    three.rollback()

    assert three.answer() == "v2"


def test_a_release_that_is_gone_is_refused_with_those_that_are_there(three: FakeMachine) -> None:
    with pytest.raises(NotFoundError, match=r"has no release v9; you can go back to: v2, v1$"):
        three.rollback(9)


def test_a_release_whose_venv_is_gone_is_passed_over(three: FakeMachine) -> None:
    three.push("four", WITH_WORKER, requirements="gunicorn\nmore\n")
    three.push("five", WITH_WORKER)
    delete_tree(three.place.release(4).venv.resolve())

    ended = three.rollback()

    assert ended.release == 3


def test_a_release_that_no_longer_works_is_not_made_live(three: FakeMachine) -> None:
    three.supervisor.answers[2] = (500, "no such column: mood")

    ended = three.rollback()

    assert ended.exit_code == 7
    assert three.answer() == "v3"
    assert three.records.live() == 3
    assert "v3 worker.1" in three.running()


def test_a_warm_release_that_has_crashed_now_and_then_is_still_well(three: FakeMachine) -> None:
    unit = three.supervisor.units["pushdeploy-blog.v2.web"]
    unit.restarts = 7
    answers = iter([(503, "busy")] * 9)

    def slowly(_: int) -> tuple[int, str]:
        return next(answers, (200, "v2"))

    three.supervisor.answer_by = slowly

    ended = three.rollback()

    assert (ended.exit_code, unit.state) == (0, State.UP)
    assert three.answer() == "v2"


def test_what_was_rolled_back_from_stays_away_until_somebody_asks_for_it(
    three: FakeMachine,
) -> None:
    three.rollback()

    pushed = three.converge(Occasion.PUSH, after=4)
    by_timer = three.converge(Occasion.TIMER)
    still = three.answer()
    asked = three.deploy()

    assert (pushed.outcome, pushed.exit_code) == ("left", 0)
    assert pushed.hint == "pushdeploy deploy --app blog"
    assert by_timer.attempt is None
    assert still == "v2"
    assert (asked.outcome, three.answer()) == ("live", "v4")


def test_the_formation_stays_as_it_is(three: FakeMachine) -> None:
    three.scale("worker=2")

    three.rollback()

    assert [name for name in three.running() if "worker" in name] == ["v3 worker.1", "v3 worker.2"]


def test_a_failed_try_that_is_not_kept_never_went_live_either(three: FakeMachine) -> None:
    three.supervisor.answer_by = lambda _: (500, "")
    three.push("four", WITH_WORKER)
    three.push("five", WITH_WORKER)
    assert 4 not in three.records.numbers()

    with pytest.raises(NothingToRollBackToError, match="v4 of `blog` never went live"):
        three.rollback(4)
    with pytest.raises(NotFoundError, match="v4 of `blog` is no longer kept; these are: v1,") as e:
        three.records.release(4)
    with pytest.raises(NotFoundError, match="`blog` has no release v9; there are: v1,"):
        three.records.release(9)

    assert e.value.hint == "pushdeploy releases:output v4 --app blog"
