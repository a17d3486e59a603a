"""After a boot: start what is live of every app, so that requests wait instead of failing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pushdeploy.apps.fence import fence_ports
from pushdeploy.apps.restore import own, own_server
from pushdeploy.deploy import fit
from pushdeploy.deploy.cleanup import wanted_instances
from pushdeploy.records.app_records import AppRecords, app_names, read_release_or_none
from pushdeploy.schedules.follow import follow_live
from pushdeploy.system import sockets
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.watch.account import failed, told
from pushdeploy.watch.databases import start_databases
from pushdeploy.watch.restart_hung import REBUILD_SECONDS

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.instance import Instance

REBUILDS_APART_SECONDS = 5.0
"""After an upgrade of the system many apps may have to be built again."""


def boot_all(machine: Machine) -> list[str]:
    """Start what is live of every app: all sockets first, then services, waiting for nothing.

    Before any app runs, all fronts have their ports, so that none can take another's; and before a
    front listens, so does the socket that it leads to. One app that can't be started does not hold
    up the others.
    """
    owned = told(lambda: own_server(machine))
    if owned:  # the group of the sockets may be a new one, and nginx starts next
        owned += told(machine.proxy.let_in)
    did: list[str] = []
    started: list[Instance] = []
    for app in app_names(machine.layout.apps):
        owned += told(partial(own, machine, app), f"{app}: ")
        try:
            records = AppRecords(machine.layout.app(app))
            owned += told(partial(_start_databases, machine, records), f"{app}: ")
            trouble = fit.live_misfit(machine, records)
            if trouble is None:
                started += _live_instances(machine, records)
            else:
                did.append(_left_for_rebuild(machine, app, trouble, len(did)))
        except Exception as error:  # noqa: BLE001 - also of our bug in one app
            did.append(failed(error, f"{app}: "))
    fence_ports(machine)
    machine.supervisor.apply(started)
    did += told(partial(_listen, machine, started))
    reached(Point.BOOT_APPLIED)
    did += _open_fronts(machine, sorted({one.app for one in started if one.socket is not None}))
    machine.supervisor.start(started)
    reached(Point.BOOT_STARTED)
    did += [f"started {one.name} of {one.app} v{one.release}" for one in started]
    for app in app_names(machine.layout.apps):
        did += told(partial(_follow, machine, app), f"{app}: ")
    return owned + did


def _follow(machine: Machine, app: str) -> list[str]:
    """Its jobs; one that was missed may run at once, so they come last."""
    return follow_live(machine, AppRecords(machine.layout.app(app)))


def _start_databases(machine: Machine, records: AppRecords) -> list[str]:
    """Asked for before the app is, so that the app waits for them."""
    settings = records.settings()
    return start_databases(machine, records.place.name, settings, wait=False)


def _listen(machine: Machine, started: list[Instance]) -> list[str]:
    machine.supervisor.listen(started)
    return []


def idle(machine: Machine) -> list[str]:
    """Apps that are live by their records, and whose web listens nowhere."""
    live = {
        app: AppRecords(machine.layout.app(app)).live() for app in app_names(machine.layout.apps)
    }
    return [
        app
        for app, number in live.items()
        if number is not None
        and not sockets.listening(machine.layout.app(app).web_socket(number))
        and not _has_only_workers(AppRecords(machine.layout.app(app)), number)
    ]


def _has_only_workers(records: AppRecords, number: int) -> bool:
    release = read_release_or_none(records, number)
    return release is not None and not release.procfile.has_web


def _left_for_rebuild(machine: Machine, app: str, trouble: str, before: int) -> str:
    """Started, it would only crash. It is built again as soon as the boot is over."""
    machine.timers.wake(app, REBUILD_SECONDS + REBUILDS_APART_SECONDS * before)
    return f"{app}: {trouble}; it is built again next"


def _live_instances(machine: Machine, records: AppRecords) -> list[Instance]:
    live = records.live()
    if live is None:
        return []
    return [one for one in wanted_instances(machine, records) if one.release == live]


def _open_fronts(machine: Machine, apps: list[str]) -> list[str]:
    did: list[str] = []
    for app in apps:
        records = AppRecords(machine.layout.app(app))
        try:
            machine.supervisor.open_front(app, records.settings().port, records.place.live_socket)
            reached(Point.BOOT_FRONT)
        except Exception as error:  # noqa: BLE001 - the same
            did.append(failed(error, f"{app}: "))
    return did
