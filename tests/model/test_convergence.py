"""The table of docs/explanation/the-forced-command.md, every cell."""

from __future__ import annotations

import pytest

from pushdeploy.model.attempt import Attempt, Outcome
from pushdeploy.model.convergence import Action, Occasion, decide

PUSH, DEPLOY, TIMER = Occasion.PUSH, Occasion.DEPLOY, Occasion.TIMER


def tries(*outcomes: str) -> list[Attempt]:
    """Attempts from 1 on: `live`, `failed`, `abandoned`, `abandoned in release`, `running`."""
    return [
        Attempt(
            number=number,
            kind="deploy",
            commit="a" * 40,
            who="ada",
            at=0.0,
            outcome=Outcome(outcome.split()[0]),
            release_phase=outcome.endswith("release"),
        )
        for number, outcome in enumerate(outcomes, 1)
    ]


@pytest.mark.parametrize(
    ("outcomes", "timer", "push", "deploy"),
    [
        ((), "deploy", "deploy", "deploy"),
        (("abandoned",), "deploy", "deploy", "deploy"),
        (("failed", "abandoned"), "deploy", "deploy", "deploy"),
        (("abandoned", "abandoned"), "leave", "deploy", "deploy"),
        (("abandoned in release",), "leave", "deploy", "deploy"),
        (("failed",), "leave", "deploy", "deploy"),
        (("abandoned", "failed"), "leave", "deploy", "deploy"),
        (("live",), "leave", "leave", "deploy"),
        (("failed", "live"), "leave", "leave", "deploy"),
    ],
)
def test_what_is_not_live(outcomes: tuple[str, ...], timer: str, push: str, deploy: str) -> None:
    attempts = tries(*outcomes)

    assert decide(TIMER, attempts, live=False).action == timer
    assert decide(PUSH, attempts, live=False).action == push
    assert decide(DEPLOY, attempts, live=False).action == deploy


@pytest.mark.parametrize("outcomes", [("live",), ("failed",), ("abandoned",), ()])
def test_what_is_live_stays_unless_a_deploy_is_asked_for(outcomes: tuple[str, ...]) -> None:
    attempts = tries(*outcomes)

    assert decide(TIMER, attempts, live=True).action is Action.NOTHING
    assert decide(PUSH, attempts, live=True).action is Action.NOTHING
    assert decide(DEPLOY, attempts, live=True).action is Action.DEPLOY


@pytest.mark.parametrize("outcome", ["live", "failed", "abandoned in release"])
@pytest.mark.parametrize("live", [True, False])
def test_an_attempt_that_this_push_has_caused_is_its_answer(outcome: str, live: bool) -> None:  # noqa: FBT001
    attempts = tries("failed", outcome)

    decision = decide(PUSH, attempts, live=live, after=1)

    assert decision.action is Action.LEARN
    assert decision.attempt == attempts[1]


def test_an_older_attempt_is_not_this_pushs_answer() -> None:
    assert decide(PUSH, tries("failed", "failed"), live=False, after=2).action is Action.DEPLOY


def test_a_push_whose_attempt_was_killed_early_is_taken_up_once() -> None:
    once, twice = tries("abandoned"), tries("abandoned", "abandoned")

    assert decide(PUSH, once, live=False, after=0).action is Action.DEPLOY
    assert decide(PUSH, twice, live=False, after=0).action is Action.LEARN
