"""The switch: one rename of `current` moves code, static files and traffic together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.events import Report, Switched
from pushdeploy.system import files
from pushdeploy.system.faults import Point, reached

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.deploy.journal import Journal
    from pushdeploy.deploy.machine import Machine
    from pushdeploy.model.release import Kind, Release


def switch(
    machine: Machine,
    journal: Journal,
    release: Release,
    kind: Kind,
    who: str,
    report: Report,
    stands_for: int | None = None,
) -> int | None:
    """Make a release live; returns the one that was.

    An intent line is synced first, so that after a power cut `current` says whether it happened.
    """
    previous = journal.live()
    rebuilt = {} if stands_for is None else {"stands_for": stands_for}
    journal.note_history(
        intent=release.number, previous=previous, kind=kind, who=who, at=machine.now(), **rebuilt
    )
    reached(Point.SWITCH_INTENDED)
    if previous is not None:
        files.point(journal.place.previous, f"releases/v{previous}")
    reached(Point.SWITCH_PREVIOUS)
    files.point(journal.place.current, f"releases/{release.name}")
    reached(Point.SWITCH_RENAMED)
    report(Switched(release.number, previous))
    return previous


def settle_intent(journal: Journal, release: Release) -> None:
    """Say in the history that the switch stands."""
    journal.note_history(settled=release.number)
    reached(Point.SWITCH_SETTLED)


def resolve_intent(journal: Journal, tell: Callable[[str], None]) -> int | None:
    """A switch that was killed half-way: `current` says whether it happened.

    Returns the release that it made live.
    """
    intent = journal.history().intent
    if intent is None:
        return None
    happened = journal.live() == intent.release
    if happened:
        journal.note_history(settled=intent.release)
    else:
        journal.note_history(dropped=intent.release)
    reached(Point.INTENT_RESOLVED)
    tell(f"the switch to v{intent.release} had {'' if happened else 'not '}happened")
    return intent.release if happened else None


def switch_back(journal: Journal, previous: int | None) -> None:
    """Undo a switch whose release did not settle."""
    if previous is None:
        journal.place.current.unlink(missing_ok=True)
        files.sync_folder(journal.place.root)
    else:
        files.point(journal.place.current, f"releases/v{previous}")
    reached(Point.SWITCH_UNDONE)
    intent = journal.history().intent
    if intent is not None:
        journal.note_history(dropped=intent.release)
    reached(Point.SWITCH_DROPPED)
