"""Compaction: what each request reads stays short; what hardly anybody asks for is moved aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.attempt import asked_for, fold, read_attempts
from pushdeploy.model.history_compaction import lines_asked_for
from pushdeploy.system.files import append, replace_lines
from pushdeploy.system.json_lines import read_lines

if TYPE_CHECKING:
    from pushdeploy.model.attempt import Attempt
    from pushdeploy.records.app_records import AppRecords

KEPT_ATTEMPTS = 100
"""The newest ones, which stay at hand; twice as many are there at most."""


KEPT_LINES = 400
"""Of the history, beside those that say something: as many are moved at once."""


def compact(records: AppRecords) -> None:
    """Move old records aside; call with the lock held.

    They are in the archive, and synced, before they leave the record. Killed between the two they
    are in both, where they count once.
    """
    _compact_attempts(records)
    _compact_history(records)


def _compact_attempts(records: AppRecords) -> None:
    place = records.place
    lines_by_number = fold(read_lines(place.attempts))
    attempts = read_attempts(lines_by_number.values())
    keep = asked_for(attempts, KEPT_ATTEMPTS)
    old = [record for number, record in lines_by_number.items() if number not in keep]
    if len(old) >= KEPT_ATTEMPTS:
        append(place.attempts_archive, *old, mode=0o600)
        stay = [_highest(attempts), *(lines_by_number[number] for number in sorted(keep))]
        replace_lines(place.attempts, stay)


def _compact_history(records: AppRecords) -> None:
    """Nobody reads that archive but people: the history says the same without it."""
    place = records.place
    lines = list(read_lines(place.history))
    if len(lines) < KEPT_LINES:
        return
    stay = lines_asked_for(lines, records.numbers())
    if len(lines) - len(stay) >= KEPT_LINES:
        append(place.history_archive, *lines, mode=0o600)
        replace_lines(place.history, stay)


def _highest(attempts: list[Attempt]) -> dict[str, object]:
    """Of the attempt with the highest release no more than that: no number is given twice."""
    highest = max(attempts, key=lambda one: one.release or 0)
    return {"attempt": highest.number, "release": highest.release, "outcome": highest.outcome}
