"""An attempt: one try to make something live, with its outcome; which of many stay at hand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BOOT_TRIES = 2
"""How often boot or timer take up a commit whose attempts were killed."""

DEPLOY = "deploy"


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


def asked_for(attempts: Sequence[Attempt], newest: int) -> frozenset[int]:
    """The numbers of the attempts that must stay at hand.

    Those that have not ended; the newest; and those by which a push is decided: of each commit
    that was tried since the branch last named another, the last try, and as many killed ones as
    count.

    Args:
        attempts: all, oldest first.
        newest: how many of the newest stay.
    """
    keep = {one.number for one in attempts[-newest:]}
    keep |= {one.number for one in attempts if one.outcome is Outcome.RUNNING}
    for tries in _tries(attempts).values():
        killed = [one.number for one in tries if one.outcome is Outcome.ABANDONED]
        keep |= {tries[-1].number, *killed[-BOOT_TRIES:]}
    return frozenset(keep)


def _tries(attempts: Sequence[Attempt]) -> dict[str, list[Attempt]]:
    tries: dict[str, list[Attempt]] = {}
    for one in attempts:
        if one.kind == DEPLOY:
            if one.of_branch:
                tries = {one.commit: tries.get(one.commit, [])}
            tries.setdefault(one.commit, []).append(one)
    return tries


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
