"""Whatever is moved aside, a push is decided as if all attempts were still there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.attempt import Attempt, Outcome, asked_for
from pushdeploy.model.convergence import Action, Occasion, decide
from pushdeploy.records.reader import deploys_of

COMMITS = ("a", "b", "c")
ENDED = (Outcome.LIVE, Outcome.FAILED, Outcome.ABANDONED)


@st.composite
def attempts(draw: st.DrawFn) -> list[Attempt]:
    """Tries of a few commits; the last may still run."""
    return [
        Attempt(
            number=number,
            kind=draw(st.sampled_from(("deploy", "deploy", "config", "rollback"))),
            commit=draw(st.sampled_from(COMMITS)),
            who="ada",
            at=0.0,
            outcome=draw(st.sampled_from(ENDED)),
            release=draw(st.none() | st.integers(1, 9)),
            of_branch=draw(st.booleans()),
            release_phase=draw(st.booleans()),
        )
        for number in range(1, draw(st.integers(0, 12)) + 1)
    ]


def reduced(found: list[Attempt], newest: int) -> list[Attempt]:
    """What stays at hand."""
    keep = asked_for(found, newest)
    return [one for one in found if one.number in keep]


def decisions(found: list[Attempt]) -> list[tuple[Action, int | None]]:
    """What would follow for each commit on each occasion."""
    made = [
        decide(occasion, deploys_of(found, commit), live=live)
        for commit in COMMITS
        for occasion in Occasion
        for live in (True, False)
    ]
    return [(one.action, one.attempt.number if one.attempt else None) for one in made]


@given(attempts(), attempts(), st.integers(1, 3))
def test_a_push_is_decided_the_same_now_and_after_further_attempts(
    past: list[Attempt], later: list[Attempt], newest: int
) -> None:
    assert decisions(reduced(past, newest)) == decisions(past)
    assert decisions([*reduced(past, newest), *later]) == decisions([*past, *later])


@given(attempts(), st.integers(1, 3))
def test_the_newest_stay(past: list[Attempt], newest: int) -> None:
    stay = reduced(past, newest)

    assert stay[-newest:] == past[-newest:]


def test_what_has_not_ended_stays() -> None:
    running = Attempt(1, "config", "a", "ada", 0.0)
    later = [Attempt(number, "config", "a", "ada", 0.0, Outcome.LIVE) for number in range(2, 9)]

    assert 1 in asked_for([running, *later], 1)


def test_most_of_a_long_past_does_not_stay() -> None:
    past = [
        Attempt(number, "deploy", f"{number}", "ada", 0.0, Outcome.LIVE, number, of_branch=True)
        for number in range(1, 10_001)
    ]

    assert asked_for(past, 100) == frozenset(range(9_901, 10_001))
