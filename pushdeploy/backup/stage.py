"""Stage: everything that a backup holds, put together in one folder that root alone can reach.

What an app writes is taken by second names of its files, so that it takes no room and no link of
the app's is followed; its SQLite files as copies, each of one moment.

    apps/blog/settings.toml, attempts.jsonl, history.jsonl, current, …
    apps/blog/releases/v12/release.json, environment
    apps/blog/repo.git/
    apps/blog/shared/
    server/…                  what concerns all apps
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pushdeploy.backup.server_part import stage_server
from pushdeploy.backup.shared_files import stage_shared
from pushdeploy.databases.dumps import dump
from pushdeploy.errors import NotFoundError, PushdeployError, UnavailableError
from pushdeploy.model.job import Job, JobKind
from pushdeploy.model.size import format_size
from pushdeploy.records.app_records import AppRecords, app_names
from pushdeploy.system import files, log
from pushdeploy.system.disk_refusal import refusal
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.locks import held
from pushdeploy.system.staged_tree import Staged, copy_present, stage

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.app_layout import AppLayout

COPIER = "import sys; from pushdeploy.system.sqlite_copies import main; sys.exit(main())"
COPY_SECONDS = 3600.0
MOST_TOLD = 10

STAGE_SECONDS = 8 * 3600.0
APP_SECONDS = 3 * 3600.0
"""One app's part of that at most, and never more than half of what is left: others come after."""

LEASED = "one of its processes keeps a file from being opened (a lease, fcntl(2))"

REFS_FIRST = ("packed-refs", "objects")
"""Of a repo: what a ref names is there before the ref is."""


@dataclass(slots=True)
class Set:
    """What was put together."""

    apps: list[str] = field(default_factory=list)
    staged: Staged = field(default_factory=Staged)
    notes: list[str] = field(default_factory=list)
    """What a person should know of it."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes of each."""
    left: list[str] = field(default_factory=list)
    """Apps that could not be taken, and why."""

    @property
    def names_left(self) -> list[str]:
        """Their names."""
        return [one.partition(":")[0] for one in self.left]


def stage_all(machine: Machine, who: str) -> Set:
    """Everything of this server; whatever was there of an earlier one goes first."""
    place = machine.layout.backup
    files.delete_tree(place.set)
    place.set_apps.mkdir(mode=0o700, parents=True)
    reached(Point.BACKUP_BEGUN)
    made = Set()
    made.staged.size += stage_server(machine)
    end = machine.monotonic() + STAGE_SECONDS
    for app in app_names(machine.layout.apps):
        now = machine.monotonic()
        share = min(APP_SECONDS, (end - now) / 2)
        try:
            _stage_app(machine, app, who, made, now + share)
        except NotFoundError:  # destroyed since
            files.delete_tree(place.set_apps / app)
        except Exception as error:
            if isinstance(error, OSError) and refusal(error):
                raise
            files.delete_tree(place.set_apps / app)
            made.left.append(f"{app}: {_reason(error)}")
        reached(Point.BACKUP_STAGED)
    return made


def _reason(error: Exception) -> str:
    """Why an app could not be taken; a bug of ours is logged with where it was."""
    if isinstance(error, PushdeployError):
        return error.message
    if not isinstance(error, OSError):
        log.bug(error)
        return f"pushdeploy itself failed: {error!r}"
    return LEASED if error.errno == errno.EAGAIN else error.strerror or str(error)


def leave_out(machine: Machine, app: str, reason: str, made: Set) -> None:
    """Have a set without an app that was in it."""
    files.delete_tree(machine.layout.backup.set_apps / app)
    made.apps.remove(app)
    made.staged.size -= made.sizes.pop(app)
    made.left.append(f"{app}: {reason}")


def _stage_app(machine: Machine, app: str, who: str, made: Set, until: float) -> None:
    def left() -> float:
        seconds = until - machine.monotonic()
        if seconds <= 0:
            raise UnavailableError(
                "its data could not be put together in time", hint="df -h; df -i"
            )
        return seconds

    place, target = machine.layout.app(app), machine.layout.backup.set_apps / app
    target.mkdir(mode=0o700)
    before, size = made.staged.left, made.staged.size
    made.staged.until, made.staged.now = until, machine.monotonic
    made.staged.size += _dump(machine, app, target / place.dumps.name, left())
    try:
        notes = _copy_databases(machine, place, left())
        with held(place.lock, who=who, what="a backup"):
            made.staged.size += _stage_records(place, target)
            stage(
                place.repo,
                target / place.repo.name,
                made.staged,
                skip=lambda name: name.endswith(".lock"),
                last=REFS_FIRST,
            )
            notes += stage_shared(machine, place, target / place.shared.name, made.staged, left)
    finally:
        files.delete_tree(place.copies)
        reached(Point.BACKUP_COPIES_DELETED)
    _refuse_larger_than_disk(place, made.staged.size - size)
    made.notes += [f"{app}: {one}" for one in notes]
    if made.staged.left > before:
        odd = made.staged.left - before
        made.notes.append(f"{app}: {odd} in shared/ left out: not plain files")
    made.apps.append(app)
    made.sizes[app] = made.staged.size - size


def _refuse_larger_than_disk(place: AppLayout, size: int) -> None:
    """Files with holes, or with very many names, would be read for days, and keep all others out.

    Raises:
        UnavailableError: the files of an app say that they have more than the disk.
    """
    disk = os.statvfs(place.shared)
    if size > disk.f_blocks * disk.f_frsize:
        raise UnavailableError(
            f"its files add up to {format_size(size)}, which is more than the disk has",
            hint=f"find {place.shared} -type f -size +1G -o -links +99",
        )


def _stage_records(place: AppLayout, target: Path) -> int:
    """What root has written of the app: returns its bytes."""
    whole = (
        *(place.settings, place.attempts, place.attempts_archive, place.history),
        *(place.history_archive, place.pending_environment, place.maintenance),
        *(place.current, place.previous),
    )
    size = copy_present(place.root, target, [path.name for path in whole])
    for number in AppRecords(place).numbers():
        release = place.release(number)
        kept = [path.relative_to(place.root) for path in (release.record, release.environment)]
        size += copy_present(place.root, target, [str(path) for path in kept])
    return size


def _dump(machine: Machine, app: str, folder: Path, seconds: float) -> int:
    """Have its databases dumped, each as one moment has it; returns the bytes."""
    folder.mkdir(mode=0o700)
    made = dump(machine, app, folder, seconds)
    if not made:
        folder.rmdir()
    reached(Point.BACKUP_DUMPED)
    return sum(path.stat().st_size for path in made)


def _copy_databases(machine: Machine, place: AppLayout, seconds: float) -> list[str]:
    """Have the app's user copy its SQLite files; returns what could not be copied so."""
    app = place.name
    files.delete_tree(place.copies)
    user, group = machine.accounts.user_id(app), machine.accounts.app_group(app)
    files.make_folder(
        place.copies,
        mode=0o700,
        user=-1 if user is None else user,
        group=-1 if group is None else group,
    )
    told: list[str] = []
    job = Job(
        app=app,
        kind=JobKind.COPY,
        argv=(str(machine.python), "-I", "-c", COPIER, str(place.shared), str(place.copies)),
        user=machine.accounts.app_user(app),
        groups=(),
        folder=place.shared,
        home=place.home,
        writable=(place.shared, place.copies),
        hidden=(machine.layout.settings, machine.layout.engine_socket),
        environment=(("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8")),
        seconds=min(COPY_SECONDS, seconds),
    )
    status = machine.supervisor.once(job, told.append)
    reached(Point.BACKUP_COPIED)
    if status != 0:
        raise UnavailableError(
            f"the SQLite files of `{app}` could not be copied: {' '.join(told[-3:]) or status}",
            hint="df -h; pushdeploy backup:create",
        )
    return [f"copied as a plain file, perhaps mid-write: {one}" for one in told[:MOST_TOLD]]
