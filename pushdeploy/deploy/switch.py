"""The switch: one rename of `current` moves code, static files and traffic together."""

from __future__ import annotations

from pushdeploy.deploy.host import Host
from pushdeploy.deploy.journal import Journal
from pushdeploy.events import Report, Switched
from pushdeploy.model.release import Kind, Release
from pushdeploy.system import files


def switch(
    host: Host, journal: Journal, release: Release, kind: Kind, who: str, report: Report
) -> int | None:
    """Make a release live; returns the one that was.

    An intent line is synced first, so that after a power cut `current` says whether it happened.
    """
    previous = journal.live()
    journal.note_history(
        intent=release.number, previous=previous, kind=kind, who=who, at=host.now()
    )
    files.point(journal.place.current, f"releases/{release.name}")
    report(Switched(release.number, previous))
    return previous


def settle_intent(journal: Journal, release: Release) -> None:
    """Say in the history that the switch stands."""
    journal.note_history(settled=release.number)


def switch_back(journal: Journal, previous: int | None) -> None:
    """Undo a switch whose release did not settle."""
    if previous is None:
        journal.place.current.unlink(missing_ok=True)
        files.sync_folder(journal.place.root)
    else:
        files.point(journal.place.current, f"releases/v{previous}")
    intent = journal.history().intent
    if intent is not None:
        journal.note_history(dropped=intent.release)
