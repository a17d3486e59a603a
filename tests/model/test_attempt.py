"""Attempts are folded from lines, of which later ones win."""

from __future__ import annotations

from pushdeploy.model.attempt import Attempt, Outcome, read_attempts


def test_later_lines_win_and_attempts_come_in_order() -> None:
    lines: list[dict[str, object]] = [
        {"attempt": 2, "kind": "config", "commit": "b", "who": "bob", "at": 2.5},
        {"attempt": 1, "kind": "deploy", "commit": "main", "who": "ada", "at": 1.5},
        {"attempt": 1, "commit": "a", "release": 7},
        {"attempt": 1, "release_phase": True},
        {"attempt": 1, "outcome": "failed", "reason": "no", "hint": "push", "seconds": 3.25},
    ]

    first, second = read_attempts(lines)

    assert first == Attempt(
        number=1,
        kind="deploy",
        commit="a",
        who="ada",
        at=1.5,
        outcome=Outcome.FAILED,
        release=7,
        release_phase=True,
        reason="no",
        hint="push",
        seconds=3.25,
    )
    assert (second.number, second.outcome) == (2, Outcome.RUNNING)


def test_an_attempt_without_an_outcome_runs() -> None:
    (attempt,) = read_attempts([{"attempt": 1}])

    assert attempt.outcome is Outcome.RUNNING
    assert attempt.release is None


def test_lines_that_are_of_no_attempt_are_passed_over() -> None:
    assert read_attempts([{}, {"attempt": "1"}, {"outcome": "live"}]) == []


def test_a_line_that_tells_nothing_but_the_number_is_an_attempt_of_nobody() -> None:
    assert read_attempts([{"attempt": 1}]) == [Attempt(1, kind="", commit="", who="", at=0.0)]
