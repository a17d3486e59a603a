"""What `systemctl show` says of instances, as statuses."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.model.instance import LOOP_PAUSE_SECONDS, State, Status, UnitName, parse_unit

if TYPE_CHECKING:
    from collections.abc import Iterator

PROPERTIES = (
    "Id,ActiveState,SubState,Job,MainPID,NRestarts,RestartUSec,"
    "ActiveEnterTimestampMonotonic,ExecMainExitTimestampMonotonic"
)

STATES = {
    "active": State.UP,
    "reloading": State.UP,
    "activating": State.STARTING,
    "deactivating": State.STOPPING,
    "failed": State.CRASHED,
}


def read_statuses(shown: str) -> Iterator[Status]:
    """The instances among the units: `Name=value` lines, a blank one between units."""
    return (status for values in _blocks(shown) if (status := _status(values)))


def _blocks(shown: str) -> Iterator[dict[str, str]]:
    for block in shown.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if values:
            yield values


def _status(values: dict[str, str]) -> Status | None:
    unit = values["Id"].removesuffix(".service")
    name = parse_unit(unit)
    if name is None:
        return None
    state = STATES.get(values["ActiveState"], State.DOWN)
    if values["SubState"] == "auto-restart":
        state = State.CRASHED
    if state is State.DOWN and values.get("Job"):  # its start is queued, as while the system boots
        state = State.STARTING
    pid = int(values["MainPID"]) or None
    since = _epoch(values.get("ActiveEnterTimestampMonotonic"))
    status = named_status(unit, name, state, pid, since, int(values.get("NRestarts") or 0))
    return replace(
        status,
        ended=None if pid else _epoch(values.get("ExecMainExitTimestampMonotonic")),
        slowed=values.get("RestartUSec") == f"{LOOP_PAUSE_SECONDS}s",
    )


def _epoch(monotonic: str | None) -> float | None:
    """Epoch seconds, from microseconds of the clock since boot; `None` for never."""
    microseconds = int(monotonic or 0)
    return time.time() - time.monotonic() + microseconds / 1e6 if microseconds else None


def named_status(
    unit: str,
    name: UnitName,
    state: State,
    pid: int | None = None,
    since: float | None = None,
    restarts: int = 0,
) -> Status:
    """A status with what the unit's name says."""
    return Status(
        unit=unit,
        release=name.release,
        process_type=name.process_type,
        index=name.index,
        state=state,
        pid=pid,
        since=since,
        restarts=restarts,
    )
