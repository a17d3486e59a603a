"""What can be gone back to: one fact, which the list shows, `rollback` offers, and both go by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy.release import release_is_whole
from pushdeploy.records.app_records import read_release_or_none

if TYPE_CHECKING:
    from pushdeploy.model.history import History
    from pushdeploy.records.app_records import AppRecords


def reachable(records: AppRecords, history: History | None = None) -> list[int]:
    """Releases that a rollback can make live, the latest to be live first.

    Each was live once, is not now, and all of it is on the disk: its record, code, venv and config
    vars. That its Python has gone is no hindrance: a rollback builds it again.
    """
    live = records.live()
    return [
        number
        for number in reversed((history or records.history()).once_live())
        if number != live and _is_whole(records, number)
    ]


def _is_whole(records: AppRecords, number: int) -> bool:
    return (
        release_is_whole(records.place, number)
        and read_release_or_none(records, number) is not None
    )


def named(numbers: list[int], most: int = 5) -> str:
    """`v12, v11 and 3 more`; `none`."""
    shown = ", ".join(f"v{number}" for number in numbers[:most]) or "none"
    return shown if len(numbers) <= most else f"{shown} and {len(numbers) - most} more"
