"""Archive: what each request reads stays short; what hardly anybody asks for is moved aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.attempt import fold, read_attempts
from pushdeploy.model.attempts_asked_for import asked_for
from pushdeploy.system.files import append, replace_lines
from pushdeploy.system.records import read_lines

if TYPE_CHECKING:
    from pushdeploy.deploy.journal import Journal
    from pushdeploy.model.attempt import Attempt

KEPT_ATTEMPTS = 100
"""The newest ones, which stay at hand; twice as many are there at most."""


def archive(journal: Journal) -> None:
    """Move old attempts aside; call with the lock held.

    They are in the archive, and synced, before they leave the record. Killed between the two they
    are in both, where they count once.
    """
    place = journal.place
    records = fold(read_lines(place.attempts))
    attempts = read_attempts(records.values())
    keep = asked_for(attempts, KEPT_ATTEMPTS)
    old = [record for number, record in records.items() if number not in keep]
    if len(old) >= KEPT_ATTEMPTS:
        append(place.attempts_archive, *old, mode=0o600)
        stay = [_highest(attempts), *(records[number] for number in sorted(keep))]
        replace_lines(place.attempts, stay)


def _highest(attempts: list[Attempt]) -> dict[str, object]:
    """Of the attempt with the highest release no more than that: no number is given twice."""
    highest = max(attempts, key=lambda one: one.release or 0)
    return {"attempt": highest.number, "release": highest.release, "outcome": highest.outcome}
