"""Warnings: what went wrong with the live release since it is live, for whoever changes it next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError
from pushdeploy.events import Warned
from pushdeploy.model.size import format_duration
from pushdeploy.model.watchdog import restarted

if TYPE_CHECKING:
    from pushdeploy.model.history import Loop
    from pushdeploy.records.app_records import AppRecords


def crash_loops(records: AppRecords, now: float) -> list[Warned]:
    """What of the live release the watchdog has seen crash-looping, and not well since."""
    return [
        Warned(
            f"{one.instance} of v{one.release} has been crash-looping "
            f"for {format_duration(int(now - one.at))}",
            hint=f"pushdeploy logs -p {one.instance} --app {records.place.name}",
        )
        for one in _loops(records)
    ]


def looping_of(records: AppRecords) -> tuple[str, ...]:
    """The names of the same, `worker.1`; none of an app whose history can't be read."""
    try:
        return tuple(one.instance for one in _loops(records))
    except PushdeployError:
        return ()


def _loops(records: AppRecords) -> list[Loop]:
    history, live = records.history(), records.live()
    since = history.changes[-1].at if history.changes else 0.0
    return [one for one in history.loops if one.release == live and one.at > since]


def warnings(records: AppRecords, now: float) -> list[Warned]:
    """From the history alone: a push has no time to ask the supervisor."""
    history, live = records.history(), records.live()
    if live is None:
        return []
    app, since = records.place.name, history.changes[-1].at if history.changes else 0.0
    found = crash_loops(records, now)
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
