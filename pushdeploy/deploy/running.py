"""What runs of an app at this moment, beside what should."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.deploy.cleanup import wanted_instances
from pushdeploy.deploy.health import DEADLINE_SECONDS
from pushdeploy.model.instance import State
from pushdeploy.model.running import Running
from pushdeploy.model.watchdog import crash_loops
from pushdeploy.system import locks, sockets

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.instance import Instance, Status
    from pushdeploy.records.app_records import AppRecords


def running(machine: Machine, records: AppRecords) -> list[Running]:
    """Every instance that should run or does; no lock is taken."""
    live = records.live()
    statuses = {one.unit: one for one in machine.supervisor.statuses(records.place.name)}
    wanted = wanted_instances(machine, records) if live is not None else []
    changing = locks.is_held(records.place.lock)
    rows = [
        _wanted(machine, one, status, live, changing=changing)
        for one, status in [(one, statuses.pop(one.unit, None)) for one in wanted]
        if one.release == live or (status is not None and status.state is not State.DOWN)
    ]
    for status in statuses.values():
        comes = changing and status.release > (live or 0)
        rows.append(_coming(machine, status) if comes else _stray(machine, status))
    return rows


def _wanted(
    machine: Machine, instance: Instance, status: Status | None, live: int | None, *, changing: bool
) -> Running:
    row = replace(
        Running(instance.name, instance.process_type, f"v{instance.release}", State.DOWN),
        warm=instance.release != live,
    )
    row = row if status is None else _measured(machine, status, row)
    if row.state is State.DOWN and changing:  # whoever changes the app starts it next
        return replace(row, state=State.STARTING)
    if row.state is State.UP and (row.seconds or 0) < DEADLINE_SECONDS:
        silent = instance.port is not None and not sockets.listens(instance.port)
        if silent or row.workers == 0:
            return replace(row, state=State.STARTING)
    return row


def _coming(machine: Machine, status: Status) -> Running:
    """An instance of the release that a deploy boots at this moment: it has no visitors yet."""
    row = _measured(machine, status, _row(status))
    return replace(row, state=State.STARTING) if row.state in (State.UP, State.DOWN) else row


def _stray(machine: Machine, status: Status) -> Running:
    return replace(_measured(machine, status, _row(status)), stray=True)


def _row(status: Status) -> Running:
    return Running(status.name, status.process_type, f"v{status.release}", status.state)


def _measured(machine: Machine, status: Status, row: Running) -> Running:
    usage = machine.resources.usage(status.pid) if status.pid else None
    serves = status.pid is not None and status.process_type == "web"
    last = status.last_restart
    return replace(
        row,
        state=status.state,
        seconds=round(machine.now() - usage.started, 1) if usage else None,
        cpu=round(usage.cpu, 1) if usage else None,
        memory=usage.memory if usage else None,
        workers=machine.resources.server_workers(status.pid) if serves and status.pid else None,
        restarts=status.restarts,
        last_restart=None if last is None else round(max(0.0, machine.now() - last), 1),
        crash_loop=crash_loops(status, machine.now()),
    )
