"""An attempt: one try to make something live, with its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Outcome(StrEnum):
    """How an attempt stands."""

    RUNNING = "running"
    LIVE = "live"
    FAILED = "failed"
    ABANDONED = "abandoned"
    """Killed before it could say how it ended."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try."""

    number: int
    kind: str
    commit: str
    who: str
    at: float
    outcome: Outcome = Outcome.RUNNING
    release: int | None = None
    of_branch: bool = False
    """The deploy branch named the commit; else somebody named a revision to deploy."""
    release_phase: bool = False
    """The `release:` line was started, so it may have changed the database."""
    reason: str = ""
    hint: str = ""
    seconds: float = 0.0


def read_attempts(records: Iterable[Mapping[str, object]]) -> list[Attempt]:
    """Fold the lines of `attempts.jsonl` into attempts, oldest first."""
    return [_attempt(number, record) for number, record in fold(records).items()]


def fold(records: Iterable[Mapping[str, object]]) -> dict[int, dict[str, object]]:
    """One record an attempt, by its number, oldest first.

    A line holds `attempt` and any fields that changed; later lines win.
    """
    folded: dict[int, dict[str, object]] = {}
    for record in records:
        number = record.get("attempt")
        if isinstance(number, int):
            folded.setdefault(number, {}).update(record)
    return dict(sorted(folded.items()))


def _attempt(number: int, record: Mapping[str, object]) -> Attempt:
    release = record.get("release")
    return Attempt(
        number=number,
        kind=str(record.get("kind", "")),
        commit=str(record.get("commit", "")),
        who=str(record.get("who", "")),
        at=float(str(record.get("at", 0))),
        outcome=Outcome(str(record.get("outcome", Outcome.RUNNING))),
        release=release if isinstance(release, int) else None,
        of_branch=bool(record.get("of_branch", False)),
        release_phase=bool(record.get("release_phase", False)),
        reason=str(record.get("reason", "")),
        hint=str(record.get("hint", "")),
        seconds=float(str(record.get("seconds", 0))),
    )
