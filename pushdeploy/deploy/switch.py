"""The switch: one rename of `current` moves code, static files and traffic together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.events import Report, Switched
from pushdeploy.system import files
from pushdeploy.system.failpoints import Point, reached

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.release import Kind, Release
    from pushdeploy.records.app_records import AppRecords


def switch(
    machine: Machine,
    records: AppRecords,
    release: Release,
    report: Report,
    *,
    kind: Kind,
    who: str,
    stands_for: int | None = None,
) -> int | None:
    """Make a release live; returns the one that was.

    An intent line is synced first, so that after a power cut `current` says whether it happened.
    """
    previous = records.live()
    rebuilt = {} if stands_for is None else {"stands_for": stands_for}
    records.note_history(
        intent=release.number, previous=previous, kind=kind, who=who, at=machine.now(), **rebuilt
    )
    reached(Point.SWITCH_INTENDED)
    if previous is not None:
        files.point(records.place.previous, f"releases/v{previous}")
    reached(Point.SWITCH_PREVIOUS)
    files.point(records.place.current, f"releases/{release.name}")
    reached(Point.SWITCH_RENAMED)
    report(Switched(release.number, previous))
    return previous


def confirm_switch(records: AppRecords, release: Release) -> None:
    """Say in the history that the switch stands."""
    records.note_history(settled=release.number)
    reached(Point.SWITCH_CONFIRMED)


def resolve_intent(records: AppRecords, tell: Callable[[str], None]) -> int | None:
    """A switch that was killed half-way: `current` says whether it happened.

    Returns the release that it made live.
    """
    intent = records.history().intent
    if intent is None:
        return None
    happened = records.live() == intent.release
    if happened:
        records.note_history(settled=intent.release)
    else:
        records.note_history(dropped=intent.release)
    reached(Point.INTENT_RESOLVED)
    tell(f"the switch to v{intent.release} had {'' if happened else 'not '}happened")
    return intent.release if happened else None


def switch_back(records: AppRecords, previous: int | None) -> None:
    """Undo a switch whose cutover failed."""
    if previous is None:
        records.place.current.unlink(missing_ok=True)
        files.sync_folder(records.place.root)
    else:
        files.point(records.place.current, f"releases/v{previous}")
    reached(Point.SWITCH_UNDONE)
    intent = records.history().intent
    if intent is not None:
        records.note_history(dropped=intent.release)
    reached(Point.SWITCH_DROPPED)
