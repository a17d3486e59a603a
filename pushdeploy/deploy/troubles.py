"""Troubles: what went wrong with the live release since it is live, for whoever changes it next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.events import Warned
from pushdeploy.model.size import format_duration

if TYPE_CHECKING:
    from pushdeploy.deploy.journal import Journal


def troubles(journal: Journal, now: float) -> list[Warned]:
    """From the history alone: a push has no time to ask the supervisor."""
    history, live = journal.history(), journal.live()
    if live is None:
        return []
    app, since = journal.place.name, history.changes[-1].at if history.changes else 0.0
    found = [
        Warned(
            f"{one.instance} of v{live} crash-loops since {format_duration(int(now - one.at))}",
            hint=f"pushdeploy logs -p {one.instance} --app {app}",
        )
        for one in history.loops
        if one.release == live and one.at > since
    ]
    revivals = [at for at in history.revivals.get(live, ()) if at > since]
    if revivals:
        times = "once" if len(revivals) == 1 else f"{len(revivals)} times"
        ago = format_duration(int(now - revivals[-1]))
        found.append(
            Warned(
                f"web.1 of v{live} hung and was started anew {times}, the last {ago} ago",
                hint=f"pushdeploy logs -p web.1 --app {app}",
            )
        )
    return found
