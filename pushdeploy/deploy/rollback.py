"""Rollback: a release that was live before is live again. Nothing is built while its venv fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.deploy import instances
from pushdeploy.deploy.attempt import Audience, Request, app_lock, run_attempt
from pushdeploy.deploy.boot import is_up
from pushdeploy.deploy.cleanup import clean_up
from pushdeploy.deploy.go_live import go_live
from pushdeploy.deploy.pulse import trouble
from pushdeploy.deploy.reachable import named, reachable
from pushdeploy.deploy.rebuild import fitting
from pushdeploy.deploy.release import lost_of, write_release
from pushdeploy.errors import NotFoundError, NothingToRollBackToError, PushdeployError
from pushdeploy.events import Event, Report, RolledBack, Switched, WebStarting
from pushdeploy.model.release import Kind, Release

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.ended import Ended
    from pushdeploy.model.history import History
    from pushdeploy.records.app_records import AppRecords


def rollback(
    machine: Machine, app: str, audience: Audience, *, number: int | None, who: str
) -> Ended:
    """Go back to release `number`, or to the one that was live before.

    Raises:
        NothingToRollBackToError: there is none, or it is gone, or it is live.
    """
    with app_lock(machine, app, audience, who, "a rollback") as records:
        target = records.release(_target(machine, records, number))
        ended = run_attempt(
            machine,
            records,
            audience,
            Request(app, Kind.ROLLBACK, who, target.commit.id),
            lambda number, report: _go_back(machine, records, target, who, number, report),
        )
    clean_up(machine, app)
    return ended


def _go_back(
    machine: Machine, records: AppRecords, target: Release, who: str, attempt: int, report: Report
) -> Release:
    began = machine.monotonic()
    seconds, warm = 0.0, target.procfile.has_web

    def watch(event: Event) -> None:
        nonlocal seconds, warm
        if isinstance(event, WebStarting):
            warm = False
        if isinstance(event, Switched):  # visitors have it; workers still change over
            seconds = machine.monotonic() - began
        report(event)

    release = _startable(machine, records, target, who, attempt, watch)
    stands_for = target.number if release.number != target.number else None
    previous = go_live(
        machine, records, release, watch, kind=Kind.ROLLBACK, who=who, stands_for=stands_for
    )
    report(
        RolledBack(
            app=release.app,
            release=release.number,
            previous=previous or 0,
            commit=release.commit.id,
            warm=warm,
            seconds=seconds,
        )
    )
    return release


def _startable(
    machine: Machine, records: AppRecords, target: Release, who: str, attempt: int, report: Report
) -> Release:
    """The release itself; when its Python is gone and it does not run, a new one that is it."""
    if target.number in records.history().warm and _runs_on(machine, records, target):
        return target
    built = fitting(machine, records, target, report)
    if built is target:
        return target
    release = replace(
        built,
        number=records.next_release(),
        kind=Kind.ROLLBACK,
        description=f"Roll back to {target.name}, built for Python {built.python}",
        who=who,
        at=machine.now(),
    )
    records.note_attempt(attempt, release=release.number)
    write_release(machine, release, records.environment_of(target.number))
    return release


def _runs_on(machine: Machine, records: AppRecords, warm: Release) -> bool:
    """A warm process needs no check that takes time, unless its Python is not even there."""
    whole = Path(warm.interpreter).exists() and not lost_of(records.place, warm.number)
    return whole or is_up(machine, instances.web(machine, warm, records.settings()))


def _target(machine: Machine, records: AppRecords, number: int | None) -> int:
    app = records.place.name
    live = records.live()
    history = records.history()
    there = reachable(records, history)
    if number is None:
        previous = history.previous(there)
        if previous is None:
            raise NothingToRollBackToError(
                f"`{app}` has no earlier release to go back to: "
                + ("nothing is live yet" if live is None else f"v{live} is the oldest one left"),
                hint=_forward(app, history, there) or f"pushdeploy releases --app {app}",
            )
        return previous
    if number == live:
        wrong = trouble(machine, records)
        raise NothingToRollBackToError(
            f"v{number} of `{app}` is "
            + (f"the current release, and {wrong}" if wrong else "live already"),
            hint=f"pushdeploy restart --app {app}" if wrong else f"pushdeploy releases --app {app}",
        )
    if number not in there:
        raise _unreachable(records, history, number, there)
    return number


def _unreachable(
    records: AppRecords, history: History, number: int, there: list[int]
) -> PushdeployError:
    """Why it can't be gone back to, and what can."""
    app, ways = records.place.name, f"; you can go back to: {named(there)}"
    hint = f"pushdeploy rollback v{there[0]} --app {app}" if there else None
    if number in history.once_live():
        return NotFoundError(
            f"v{number} of `{app}` was live and is no longer complete{ways}", hint=hint
        )
    if number in records.numbers() or any(one.release == number for one in records.all_attempts()):
        return NothingToRollBackToError(
            f"v{number} of `{app}` never went live: its deploy failed{ways}", hint=hint
        )
    return NotFoundError(f"`{app}` has no release v{number}{ways}", hint=hint)


def _forward(app: str, history: History, there: list[int]) -> str | None:
    """How to undo the last rollback, when there is nothing further back."""
    left = [change.previous for change in history.changes if change.kind == Kind.ROLLBACK]
    newest = left[-1] if left else None
    return f"pushdeploy rollback v{newest} --app {app}" if newest in there else None
