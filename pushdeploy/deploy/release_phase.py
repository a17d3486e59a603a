"""Release phase: the Procfile's `release:` line, once, with the new code and environment."""

from __future__ import annotations

import secrets
from collections import deque
from typing import TYPE_CHECKING

from pushdeploy.deploy.explain import explain
from pushdeploy.errors import DeployFailedError
from pushdeploy.events import (
    ReleasePhaseFinished,
    ReleasePhaseOutput,
    ReleasePhaseStarted,
    Report,
)
from pushdeploy.model.database import units_of
from pushdeploy.model.job import Job, JobKind
from pushdeploy.model.log_line import KILLED_FOR_MEMORY
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system.failpoints import Point, reached

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.release import Release

LOOKED_AT = 200
"""Pieces of its output in which a failure looks for its cause."""

KILLED = 128 + 9
"""The status of what the kernel ended, which it does for memory alone."""

RELEASE_SECONDS = 3600.0
"""Heroku's limit for a release command."""


def release_phase(
    machine: Machine, records: AppRecords, attempt: int, release: Release, report: Report
) -> None:
    """Run it, if the Procfile has one.

    That it was started is synced first: an attempt that is killed from here on is never taken up
    again by a timer.

    Raises:
        DeployFailedError: it failed.
    """
    line = release.procfile.release
    if line is None:
        return
    began = machine.monotonic()
    records.note_attempt(attempt, release_phase=True)
    reached(Point.RELEASE_PHASE_NOTED)
    report(ReleasePhaseStarted(line.command))
    job = app_job(machine, release, JobKind.RELEASE_PHASE, line.name)
    last: deque[str] = deque(maxlen=LOOKED_AT)

    def printed(text: str) -> None:
        last.append(text)
        report(ReleasePhaseOutput(text))

    status = machine.supervisor.once(job, printed)
    reached(Point.RELEASE_PHASE_DONE)
    if status != 0:
        if status == KILLED:
            last.append(KILLED_FOR_MEMORY)
        cause = explain(machine, release, line.name, last)
        raise DeployFailedError(
            f"the release command `{line.command}` failed with status {status}",
            report=() if cause is None else cause.lines,
            hint="fix it, commit, and push again; it will run from its beginning"
            if cause is None
            else cause.hint,
        )
    report(ReleasePhaseFinished(machine.monotonic() - began))


def app_job(
    machine: Machine, release: Release, kind: JobKind, script: str, arguments: tuple[str, ...] = ()
) -> Job:
    """A job that runs one of the release's start scripts as the app."""
    place = machine.layout.app(release.app)
    user = machine.accounts.app_user(release.app)
    return Job(
        app=release.app,
        kind=kind,
        argv=(str(place.release(release.number).start(script)), *arguments),
        user=user,
        groups=(),
        folder=place.slugs / release.slug,
        home=place.home,
        writable=(place.home, place.shared),
        hidden=(machine.layout.settings, machine.layout.engine_socket),
        after=units_of(release.app, AppRecords(place).settings().databases),
        environment=(("DYNO", f"{script.removeprefix('.')}.{secrets.randbelow(9000) + 1000}"),),
        seconds=RELEASE_SECONDS,
    )
