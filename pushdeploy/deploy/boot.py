"""Boot: the new web process starts on its own socket, beside the one that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy import instances
from pushdeploy.errors import DeployFailedError
from pushdeploy.events import Report, WebStarting
from pushdeploy.model.instance import Instance, State
from pushdeploy.model.size import format_size
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system.failpoints import Point, reached

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.history import History
    from pushdeploy.model.release import Release
    from pushdeploy.model.settings import AppSettings

MEMORY_RESERVE = 64 << 20
"""Bytes that must stay free beside a second copy of the app."""


def boot(
    machine: Machine, release: Release, settings: AppSettings, report: Report
) -> tuple[Instance, bool]:
    """Start the web process of a release, unless it runs; returns without waiting for it to serve.

    Returns the instance, and whether it was started now.

    Raises:
        DeployFailedError: memory does not hold both releases.
    """
    instance = instances.web(machine, release, settings)
    starts = not is_up(machine, instance)
    if starts:
        _make_room(machine, release)
        report(WebStarting(release.number))
        machine.supervisor.apply([instance])
        reached(Point.WEB_APPLIED)
        machine.supervisor.start([instance])
        reached(Point.WEB_STARTED)
    return instance, starts


def is_up(machine: Machine, instance: Instance) -> bool:
    """True when this instance runs, as a warm one does."""
    if instance.socket is None or not instance.socket.exists():  # the supervisor need not be asked
        return False
    statuses = machine.supervisor.statuses(instance.app)
    return any(one.unit == instance.unit and one.state is State.UP for one in statuses)


def warm_releases(machine: Machine, app: str, history: History) -> list[int]:
    """Those that are kept for a rollback and run: a reboot, for one, starts what is live alone."""
    due = [number for number, until in history.warm.items() if until > machine.now()]
    if not due:
        return []
    running = {
        one.release
        for one in machine.supervisor.statuses(app)
        if one.process_type == "web" and one.state is State.UP
    }
    return [number for number in due if number in running]


def _make_room(machine: Machine, release: Release) -> None:
    """Check that memory holds a second copy; a warm release makes way first."""
    available = machine.resources.available_memory()
    everybody = machine.resources.total_memory() - available
    if available >= everybody + MEMORY_RESERVE:  # then it holds a second copy of anything
        return
    needed = _live_memory(machine, release.app, everybody) + MEMORY_RESERVE
    if available >= needed:
        return
    records = AppRecords(machine.layout.app(release.app))
    for number in records.history().warm:
        if number != release.number:
            records.note_history(cold=number)
            warm = instances.web(machine, records.release(number), records.settings())
            machine.supervisor.forget(release.app, [warm.unit])
    available = machine.resources.available_memory()
    if available < needed:
        raise DeployFailedError(
            f"memory does not hold two releases: {format_size(available)} are available, "
            f"a second copy of `{release.app}` needs about {format_size(needed)}",
            hint=f"pushdeploy ps:scale web=1 --app {release.app}",
        )


def _live_memory(machine: Machine, app: str, everybody: int) -> int:
    """What the live web process takes, as a new one would; at most what all processes do."""
    live = AppRecords(machine.layout.app(app)).live()
    for status in machine.supervisor.statuses(app):
        if status.release == live and status.process_type == "web" and status.pid:
            used = machine.resources.usage(status.pid)
            if used and used.memory > everybody:  # it forks without end, and they share it all
                used = machine.resources.usage(status.pid, grandchildren=False)
            return min(used.memory, everybody) if used else 0
    return 0
