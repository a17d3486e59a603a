"""An app's databases as files in a folder, and back: for backups."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.databases import client, redis, sql, told
from pushdeploy.errors import UnavailableError
from pushdeploy.model.database import Database
from pushdeploy.model.room_layouts import DatabaseDumps
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system import mysql, postgres

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.job import Job

DUMP_MODE = 0o600

DUMP_SECONDS = 7200.0
"""An app can hold its own dump up, by a lock or by a signal: other apps' backups come after it."""

STALLED_SECONDS = 660.0
"""Without a byte more: some more than pg_dump itself waits for a lock; mariadb-dump would wait for
a day."""

DUMPERS = {
    Database.POSTGRES: Path(postgres.DUMP),
    Database.MYSQL: Path(mysql.DUMP),
    Database.REDIS: Path("redis-cli"),
}
READERS = {Database.POSTGRES: Path(postgres.RESTORE), Database.MYSQL: Path(mysql.CLIENT)}


def dump(
    machine: Machine, app: str, folder: Path, seconds: float = DUMP_SECONDS
) -> tuple[Path, ...]:
    """Write each database of the app to a file of root's in a folder that is there.

    Each may take so many `seconds`, and no more than `DUMP_SECONDS`.

    Each is one consistent state, while the app goes on. A file is there only when it is whole.

    Raises:
        UnavailableError: one could not be dumped; what it said was printed to our stderr.
    """
    settings = AppRecords(machine.layout.app(app)).settings()
    made: list[Path] = []
    for kind in Database:
        if kind in settings.databases:
            _require(machine, kind)
            made.append(_dump(machine, app, kind, _path(folder, kind), seconds))
    return tuple(made)


def restore(machine: Machine, app: str, folder: Path) -> tuple[Path, ...]:
    """Put what `dump` wrote in the place of what the app's databases hold, or make them.

    `app` may be another one than was dumped. Its config vars are left alone.

    Raises:
        UnavailableError: the server of one is not here, or a dump could not be read back.
    """
    there = [(kind, _path(folder, kind)) for kind in Database if _path(folder, kind).exists()]
    for kind, path in there:
        _restore(machine, app, kind, path)
    return tuple(path for _, path in there)


def _path(folder: Path, kind: Database) -> Path:
    dumps = DatabaseDumps(folder)
    return {
        Database.POSTGRES: dumps.postgres,
        Database.MYSQL: dumps.mysql,
        Database.REDIS: dumps.redis,
    }[kind]


def _require(machine: Machine, kind: Database) -> None:
    if kind is Database.REDIS:
        redis.require(machine)
    else:
        sql.require(machine, kind)


def _restore(machine: Machine, app: str, kind: Database, path: Path) -> None:
    _require(machine, kind)
    if kind is Database.REDIS:  # nobody has started it yet
        told.note(machine, app, kind)
        machine.redis.restore(app, path)
        return
    sql.ensure(machine, app, kind)
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = _run(machine, client.restore(machine, app, kind), descriptor, 1, lambda: False)
    finally:
        os.close(descriptor)
    if status != 0:
        raise UnavailableError(
            f"{READERS[kind].name} could not read `{path.name}` back: status {status}",
            hint=machine.engine_log,
        )


def _dump(machine: Machine, app: str, kind: Database, path: Path, seconds: float) -> Path:
    half = path.with_name(f"{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(half, flags, DUMP_MODE)
    try:
        _fill(machine, app, kind, path.name, descriptor, seconds)
        os.fsync(descriptor)
        half.rename(path)
    except BaseException:
        with suppress(FileNotFoundError):
            half.unlink()
        raise
    finally:
        os.close(descriptor)
    return path


def _fill(
    machine: Machine, app: str, kind: Database, name: str, descriptor: int, seconds: float
) -> None:
    """Have a dump of that name written into an open file.

    Raises:
        UnavailableError: it failed, or nothing came for too long.
    """
    job = replace(client.dump(machine, app, kind), seconds=min(DUMP_SECONDS, seconds))
    program = DUMPERS[kind].name
    stalled = Stalled(lambda: os.fstat(descriptor).st_size, machine.monotonic)
    status = _run(machine, job, None, descriptor, stalled)
    if stalled.given_up:
        raise UnavailableError(
            f"{program} made no progress with `{name}` for {STALLED_SECONDS / 60:.0f} minutes: the "
            "app may hold a lock on a table",
            hint=f"pushdeploy restart --app {app}",
        )
    if status != 0:
        raise UnavailableError(
            f"{program} could not write `{name}`: status {status}", hint=machine.engine_log
        )


@dataclass(slots=True)
class Stalled:
    """Asked again and again; true, from then on, when a size has long been the same."""

    size: Callable[[], int]
    now: Callable[[], float]
    """Seconds."""
    last: tuple[int, float] = (-1, 0.0)
    """The size, and since when."""
    given_up: bool = False

    def __call__(self) -> bool:
        """Whether to give up."""
        size, now = self.size(), self.now()
        if size != self.last[0]:
            self.last = (size, now)
        self.given_up = self.given_up or now - self.last[1] > STALLED_SECONDS
        return self.given_up


def _run(
    machine: Machine, job: Job, stdin: int | None, stdout: int, left: Callable[[], bool]
) -> int:
    """Run to the end, connected to files, or until `left`; returns the exit status."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        descriptors = (null if stdin is None else stdin, stdout, 2)
        return machine.supervisor.run(job, descriptors, terminal=False, left=left)
    finally:
        os.close(null)
