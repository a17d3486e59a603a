"""Restart what hangs: a web process that hangs is restarted, and a crash loop is slowed down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.apps.fence import fence_ports, is_down
from pushdeploy.apps.hogs import hogs, stop_hog, stop_squatter
from pushdeploy.deploy import fit, instances
from pushdeploy.deploy.cleanup import wanted_instances
from pushdeploy.errors import BusyError
from pushdeploy.model.failed import Failed
from pushdeploy.model.instance import LOOP_PAUSE_SECONDS, RESTART_SECONDS
from pushdeploy.model.size import format_duration
from pushdeploy.model.watchdog import (
    crash_loops,
    may_be_starting,
    needs_other_backoff,
    next_hang_restart,
)
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.liveness import silent
from pushdeploy.system.locks import held
from pushdeploy.watch.watchdog import question

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.instance import Instance, Status
    from pushdeploy.model.release import Release

LAST_LOOK_SECONDS = 1.0
"""Who was found silent a moment ago is asked once more, with the lock held, for so long."""

REBUILD_SECONDS = 1.0
"""Until reconcile builds again what has lost its Python."""


def look_after(machine: Machine, app: str, hung: int | None) -> list[str]:
    """Fix what the watchdog found, unless something else is changing the app.

    Args:
        machine: this one.
        app: the app.
        hung: its release that did not answer, if that was found.

    Returns:
        What was done, in words.
    """
    place = machine.layout.app(app)
    if not place.settings.exists():  # destroyed since
        return []
    closed = _close_ports(machine)
    try:
        with held(place.lock, who="pushdeploy", what="the watchdog", seconds=0):
            taken = hogs(machine, [app]).get(app)
            if taken is not None:
                return [*closed, stop_hog(machine, app, taken)]
            records = AppRecords(place)
            did = closed + adjust_backoff(machine, records)
            if hung is not None and hung == records.live():
                did += restart_hung(machine, records, LAST_LOOK_SECONDS)
            return did
    except BusyError:
        return closed


def _close_ports(machine: Machine) -> list[str]:
    """Tell the kernel again what somebody has had it forget, as by `nft flush ruleset`."""
    if not is_down(machine):
        return []
    if fence_ports(machine) and machine.layout.kept_in.exists():
        return ["closed the ports of web processes to other machines again"]
    return [Failed("other machines may reach the ports of web processes")]


def adjust_backoff(machine: Machine, records: AppRecords) -> list[str]:
    """What crash-loops waits longer between two starts, until it has been up for a while.

    A loop at one start a second would take the processor from all other apps.
    """
    return [
        _set_backoff(machine, records, status)
        for status in machine.supervisor.statuses(records.place.name)
        if needs_other_backoff(status, machine.now())
    ]


def _set_backoff(machine: Machine, records: AppRecords, status: Status) -> str:
    name, release, now = status.name, status.release, machine.now()
    if crash_loops(status, now):
        machine.supervisor.set_pause(status.unit, LOOP_PAUSE_SECONDS)
        records.note_history(looping=release, instance=name, restarts=status.restarts, at=now)
        return f"slowed down {name} of v{release}, which is crash-looping"
    machine.supervisor.set_pause(status.unit, RESTART_SECONDS)
    records.note_history(steady=release, instance=name, at=now)
    return f"{name} of v{release} has stopped crash-looping"


def restart_hung(machine: Machine, records: AppRecords, seconds: float | None = None) -> list[str]:
    """Start the live web process again if it is up and answers nothing; with the lock held.

    Not while it may still be starting; and after each time not before a while has passed, so that
    an app which hangs at every start is not restarted for ever.

    Args:
        machine: this one.
        records: the app's records.
        seconds: how long each request waits; unless given, as long as the watchdog's.

    Returns:
        What was done, in words.
    """
    current, settings = records.live_release(), records.settings()
    if current is None or not settings.watchdog or not current.speaks_http:
        return []
    squatted = instances.squatted_port(machine, current)
    stopped = stop_squatter(machine, squatted, current.app)
    web = wanted_instances(machine, records)[0]
    asked = question(records, current, settings)
    asked = replace(asked, seconds=seconds or asked.seconds)
    if squatted is None and (_may_be_starting(machine, current, web) or not silent([asked])):
        return []
    trouble = fit.misfit(machine, current)
    if trouble is not None:  # stopped, it could not start again; reconcile builds it again
        machine.timers.wake(current.app, REBUILD_SECONDS)
        return [f"left {web.name}, which does not answer, alone: {trouble}"]
    again = next_hang_restart(records.history().hang_restarts.get(current.number, ()))
    if machine.now() < again:
        left = format_duration(int(again - machine.now()))
        return [f"left {web.name} of v{web.release}, which does not answer, alone for {left} more"]
    records.note_history(revived=web.release, at=machine.now())
    return [*([stopped] if stopped else []), restart(machine, web)]


def restart(machine: Machine, web: Instance) -> str:
    """Service and socket, in an order that holds no request up (docs/explanation/the-switch.md)."""
    machine.supervisor.stop([web])
    reached(Point.REPAIR_STOPPED)
    machine.supervisor.apply([web])  # with another port, when somebody else has taken its own
    reached(Point.REPAIR_APPLIED)
    machine.supervisor.start([web])
    reached(Point.REPAIR_STARTED)
    return f"restarted {web.name} of v{web.release}, which did not answer"


def _may_be_starting(machine: Machine, release: Release, web: Instance) -> bool:
    statuses = machine.supervisor.statuses(web.app)
    status = next((one for one in statuses if one.unit == web.unit), None)
    return status is None or may_be_starting(status, release.checks, machine.now())
