"""A try as the list of releases shows it."""

from __future__ import annotations

from dataclasses import dataclass

from pushdeploy.model.attempt import Outcome


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt, and what there is of its release."""

    attempt: int
    release: str | None
    """`v12`; `None` when it did not get that far."""
    description: str
    subject: str
    """Of the commit; empty when the release is not kept."""
    commit: str
    who: str
    at: float
    """Seconds since the epoch."""
    outcome: Outcome
    live: bool
    """Its release is live now."""
    rollback: bool
    """One can go back to its release."""
    reason: str
    """Why it failed."""
    seconds: float
    """How long it took."""
