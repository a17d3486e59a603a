"""Warnings: what went wrong with the live release since it is live, for whoever changes it next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.events import Warned
from pushdeploy.model.size import format_duration
from pushdeploy.model.watchdog import restarted

if TYPE_CHECKING:
    from pushdeploy.records.app_records import AppRecords


def warnings(records: AppRecords, now: float) -> list[Warned]:
    """From the history alone: a push has no time to ask the supervisor."""
    history, live = records.history(), records.live()
    if live is None:
        return []
    app, since = records.place.name, history.changes[-1].at if history.changes else 0.0
    found = [
        Warned(
            f"{one.instance} of v{live} has been crash-looping "
            f"for {format_duration(int(now - one.at))}",
            hint=f"pushdeploy logs -p {one.instance} --app {app}",
        )
        for one in history.loops
        if one.release == live and one.at > since
    ]
    hang_restarts = [at for at in history.hang_restarts.get(live, ()) if at > since]
    if hang_restarts:
        ago = f"{format_duration(int(now - hang_restarts[-1]))} ago"
        found.append(
            Warned(
                f"web.1 of v{live} hung and was {restarted(len(hang_restarts), ago)}",
                hint=f"pushdeploy logs -p web.1 --app {app}",
            )
        )
    return found
