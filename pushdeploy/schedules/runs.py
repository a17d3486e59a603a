"""Runs: when a job ran and how that ended, as its unit notes it, or we do for one by hand."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from typing import TYPE_CHECKING

from pushdeploy.errors import BusyError
from pushdeploy.model.cron_run import KEPT_RUNS, CronRun, ended_record, parse_runs
from pushdeploy.system import files
from pushdeploy.system.json_lines import read_lines
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.records.app_records import AppRecords

NOTES = 0o600


def runs_of(records: AppRecords, name: str) -> list[CronRun]:
    """The last runs of a job, oldest first."""
    return parse_runs(read_lines(records.place.cron / name))


def run_noted(
    machine: Machine, records: AppRecords, name: str, run: Callable[[], int], who: str = ""
) -> int:
    """Run a job by hand, unless it runs; returns its exit status.

    The lock first, then a look: the timer's unit is seen from its first moment on, and looks at the
    lock itself. So of two that begin in one instant one stands back.

    Raises:
        BusyError: it runs.
    """
    place = records.place
    place.cron.mkdir(mode=0o700, exist_ok=True)
    notes, which = place.cron / name, secrets.token_hex(16)
    with ExitStack() as stack:
        try:
            lock = held(place.cron_lock(name), who=who, what=f"`{name}`", seconds=0.0)
            stack.enter_context(lock)
        except BusyError as error:
            raise _busy(place.name, name) from error
        if name in machine.schedules.running(place.name):
            raise _busy(place.name, name)
        files.append(notes, {"run": which, "began": machine.now()}, mode=NOTES)
        status = run()
        files.append(notes, ended_record(which, machine.now(), status), mode=NOTES)
    return status


def _busy(app: str, name: str) -> BusyError:
    return BusyError(f"`{name}` is running", hint=f"pushdeploy logs -p cron.{name} --app {app}")


def forget_old_runs(machine: Machine, records: AppRecords) -> None:
    """Keep the last hundred runs of each job that does not run now."""
    running: set[str] | None = None
    for notes in records.place.cron.glob("[a-z]*"):
        lines = list(read_lines(notes))
        if len(lines) > 4 * KEPT_RUNS:
            running = machine.schedules.running(records.place.name) if running is None else running
            if notes.name not in running:
                files.replace_lines(notes, lines[-2 * KEPT_RUNS :])
