"""What an app keeps in `shared/`: taken as its commands say, or while it stands still."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.deploy.release import RUN
from pushdeploy.deploy.release_phase import app_job
from pushdeploy.errors import UnavailableError
from pushdeploy.model.job import JobKind
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.open_folders import open_folders
from pushdeploy.system.staged_tree import KEPT_BESIDE, Copying, Staged, stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.app_layout import AppLayout
    from pushdeploy.model.release import Release

PAUSE_SECONDS = 3.0
"""An app stands still for at most so long: whoever sends a request waits that much more."""

FRESH_SECONDS = 24 * 3600.0
"""A file that was not changed for a day is not taken for one that is being written."""

MOST_SAID = 200
"""Characters of what a command says last."""


def stage_shared(
    machine: Machine, place: AppLayout, target: Path, staged: Staged, left: Callable[[], float]
) -> list[str]:
    """Put the files of `shared/` into the set; returns what a person should know of it.

    Args:
        machine: this one.
        place: the app's.
        target: a folder that is made.
        staged: counts them.
        left: tells how many seconds are left for the app.
    """
    release = AppRecords(place).live_release()
    pre, post = (release.backup_pre, release.backup_post) if release else ("", "")
    if not release or not (pre or post):
        return _still(machine, place, target, staged)
    try:
        if pre:
            _command(machine, release, pre, left())
        stage(place.shared, target, staged, instead=place.copies, copying=Copying())
    finally:
        if post:
            _command(machine, release, post, max(left(), PAUSE_SECONDS))
    return []


def _still(machine: Machine, place: AppLayout, target: Path, staged: Staged) -> list[str]:
    """Files that may be being written are copied while nothing of the app runs."""
    since = machine.now() - FRESH_SECONDS
    if not _has_fresh(place.shared, place.copies, since):
        stage(place.shared, target, staged, instead=place.copies)
        return []
    with machine.supervisor.paused(place.name, PAUSE_SECONDS) as still:
        began = machine.monotonic()
        reached(Point.BACKUP_PAUSED)
        copying = Copying(since, began + PAUSE_SECONDS if still else 0.0, machine.monotonic)
        stage(place.shared, target, staged, instead=place.copies, copying=copying)
        seconds = machine.monotonic() - began
    if not copying.late:
        return [f"stood still for {seconds:.1f} s, while its files were copied"]
    limit = f"within a pause of {PAUSE_SECONDS:.0f} s" if still else "while it stands still"
    lost = f"{copying.late} of its files could not be copied {limit}"
    return [f"{lost}, and may be caught half-written: see backup.pre of app.json"]


def _has_fresh(shared: Path, copies: Path, since: float) -> bool:
    """Whether a file was changed since then that is not one of SQLite's, of which there is a copy.

    No link is followed.
    """
    for folder, names, descriptor in open_folders(shared):
        copied = copies / folder
        for name in names:
            base = next((name.removesuffix(end) for end in KEPT_BESIDE if name.endswith(end)), name)
            if (copied / base).exists():
                continue
            try:
                found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(found.st_mode) and found.st_mtime >= since:
                return True
    return False


def _command(machine: Machine, release: Release, line: str, seconds: float) -> None:
    """Run a line of app.json as the app, with its code and config vars."""
    told: list[str] = []
    job = app_job(machine, release, JobKind.BACKUP, f".{RUN}", ("/bin/sh", "-c", line))
    job = replace(job, seconds=min(job.seconds, seconds))
    status = machine.supervisor.once(job, told.append)
    reached(Point.BACKUP_COMMAND)
    if status != 0:
        said = f": {told[-1][:MOST_SAID]}" if told else ""
        raise UnavailableError(
            f"the backup command `{line}` failed with status {status}{said}",
            hint=f"pushdeploy run --app {release.app} sh",
        )
