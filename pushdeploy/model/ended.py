"""How an attempt, or a wish for one, ended: the answer to whoever asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EndedAs(StrEnum):
    """What became of what was asked."""

    LIVE = "live"
    """A release went live."""
    FAILED = "failed"
    RECORDED = "recorded"
    """It takes effect at the first deploy."""
    NOTHING = "nothing"
    """There was nothing to do."""
    LEARNED = "learned"
    """Somebody else's attempt was for the same."""
    DOWN = "down"
    """It is live already, and does not serve."""
    LEFT = "left"
    """It was rolled back from, and stays so."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How another's attempt failed; the caller has not seen it. As `events.AttemptFailed`."""

    reason: str
    report: tuple[str, ...]
    hint: str
    still_live: int | None
    release_phase: bool
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The end."""

    outcome: EndedAs
    exit_code: int
    attempt: int | None = None
    release: int | None = None
    text: str = ""
    hint: str = ""
    failure: Failure | None = None
