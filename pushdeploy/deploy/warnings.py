"""Warnings: what went wrong with the live release since it is live, for whoever changes it next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError
from pushdeploy.events import Warned
from pushdeploy.model.size import format_duration
from pushdeploy.model.watchdog import restarted
from pushdeploy.records.app_records import read_release_or_none
from pushdeploy.schedules.runs import runs_of

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


def failed_jobs(records: AppRecords, now: float) -> list[Warned]:
    """Scheduled jobs of the live release whose last run failed."""
    live = records.live()
    release = None if live is None else read_release_or_none(records, live)
    found = []
    for job in () if release is None else release.cron:
        ended = [run for run in runs_of(records, job.name) if run.ended is not None]
        if ended and not ended[-1].succeeded:
            ago = format_duration(int(now - (ended[-1].ended or now)))
            found.append(
                Warned(
                    f"the scheduled job `{job.name}` {ended[-1].said(running=False)}, {ago} ago",
                    hint=f"pushdeploy logs -p cron.{job.name} --app {records.place.name}",
                )
            )
    return found


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
    """From records alone: a push has no time to ask the supervisor."""
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
    return found + failed_jobs(records, now)
