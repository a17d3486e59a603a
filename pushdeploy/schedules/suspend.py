"""Suspend: a job does not run by the clock, whatever is deployed, until it is resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.records.app_records import AppRecords
from pushdeploy.schedules.find import find_job
from pushdeploy.schedules.follow import follow_live
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.settings import AppSettings


def suspend(machine: Machine, app: str, named: str, *, who: str) -> tuple[str, bool]:
    """Suspend a job; returns its name, and whether that changed anything. A run goes on.

    Raises:
        NotFoundError: the live release has none of that name.
    """
    return _change(machine, app, named, who, on=False)


def resume(machine: Machine, app: str, named: str, *, who: str) -> tuple[str, bool]:
    """Have it run by the clock again; what was missed meanwhile is not caught up.

    Raises:
        NotFoundError: the live release has none of that name.
        RefusedInputError: the repo has it suspended.
    """
    return _change(machine, app, named, who, on=True)


def _change(machine: Machine, app: str, named: str, who: str, *, on: bool) -> tuple[str, bool]:
    place = machine.layout.app(app)
    what = f"{'resuming' if on else 'suspending'} a job"
    with held(place.lock, who=who, what=what):
        records = AppRecords(place)
        job = find_job(records, named)
        if on and job.maintenance:
            raise RefusedInputError(
                f"app.json has `{job.name}` in maintenance",
                hint="remove `maintenance` there, and push again",
            )

        def changed(before: AppSettings) -> AppSettings:
            others = tuple(name for name in before.suspended if name != job.name)
            return before.changed(suspended=others if on else (*others, job.name))

        before = records.settings()
        after = records.change_settings(changed)
        follow_live(machine, records)
        return job.name, (job.name in before.suspended) != (job.name in after.suspended)
