"""Start what is missing: what should run and does not is started; no job is run by two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy import fit
from pushdeploy.deploy.cleanup import wanted_instances
from pushdeploy.deploy.instances import stale_workers
from pushdeploy.model.instance import State
from pushdeploy.records.app_records import AppRecords, read_release_or_none
from pushdeploy.system.failpoints import Point, reached

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine


def start_missing(machine: Machine, records: AppRecords) -> list[str]:
    """Start what the live release lacks and open its front; returns what was done, in words.

    Workers of another release, as a switch that was killed leaves them, stop before its own start.
    """
    live = records.live()
    release = None if live is None else read_release_or_none(records, live)
    if release is None:
        return []
    app = records.place.name
    wanted = [one for one in wanted_instances(machine, records) if one.release == live]
    statuses = machine.supervisor.statuses(app)
    running = {one.unit for one in statuses if one.state not in (State.DOWN, State.STOPPING)}
    missing = [one for one in wanted if one.unit not in running]
    if release.procfile.has_web:
        machine.supervisor.open_front(app, records.settings().port, records.place.live_socket)
        reached(Point.MISSING_FRONT)
    stale = stale_workers(statuses, wanted)
    if stale:
        machine.supervisor.forget(app, [one.unit for one in stale])
        reached(Point.MISSING_STOPPED)
    if missing and fit.misfit(machine, release) is not None:
        missing = []  # it would only crash; reconcile builds it again
    if missing:
        machine.supervisor.apply(missing)
        reached(Point.MISSING_APPLIED)
        machine.supervisor.start(missing)
        reached(Point.MISSING_STARTED)
    return [
        *(f"stopped {one.name} of v{one.release}" for one in stale),
        *(f"started {one.name} of v{one.release}" for one in missing),
    ]
