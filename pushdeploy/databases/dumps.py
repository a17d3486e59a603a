"""An app's PostgreSQL database as a file in a folder, and back: for backups."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.databases import client, postgres
from pushdeploy.errors import UnavailableError
from pushdeploy.model.database import Database
from pushdeploy.model.layout import DatabaseDumps
from pushdeploy.records.app_records import AppRecords

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.job import Job

DUMP_MODE = 0o600

DUMP_SECONDS = 7200.0
"""An app can hold its own dump up, by a lock or by a signal: other apps' backups come after it."""


def dump(machine: Machine, app: str, folder: Path) -> tuple[Path, ...]:
    """Write each database of the app to a file of root's in a folder that is there.

    Each is one consistent state, while the app goes on. A file is there only when it is whole.

    Raises:
        UnavailableError: one could not be dumped; what it said was printed to our stderr.
    """
    settings = AppRecords(machine.layout.app(app)).settings()
    made: list[Path] = []
    if Database.POSTGRES in settings.databases:
        postgres.require(machine)
        job = replace(client.pg_dump(machine, app), seconds=DUMP_SECONDS)
        made.append(_dump(machine, job, DatabaseDumps(folder).postgres))
    return tuple(made)


def restore(machine: Machine, app: str, folder: Path) -> tuple[Path, ...]:
    """Put what `dump` wrote in the place of what the app's databases hold, or make them.

    `app` may be another one than was dumped. Its config vars are left alone.

    Raises:
        UnavailableError: PostgreSQL or Redis is not here, or a dump could not be read back; then
            nothing has changed in that database.
    """
    dumps = DatabaseDumps(folder)
    if dumps.postgres.exists():
        _restore_postgres(machine, app, dumps.postgres)
    return (dumps.postgres,) if dumps.postgres.exists() else ()


def _restore_postgres(machine: Machine, app: str, path: Path) -> None:
    postgres.require(machine)
    postgres.ensure(machine, app)
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _run(machine, client.pg_restore(machine, app), descriptor, 1, f"read `{path.name}` back")
    finally:
        os.close(descriptor)


def _dump(machine: Machine, job: Job, path: Path) -> Path:
    half = path.with_name(f"{path.name}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(half, flags, DUMP_MODE)
    try:
        _run(machine, job, None, descriptor, f"write `{path.name}`")
        os.fsync(descriptor)
        half.rename(path)
    except BaseException:
        with suppress(FileNotFoundError):
            half.unlink()
        raise
    finally:
        os.close(descriptor)
    return path


def _run(machine: Machine, job: Job, stdin: int | None, stdout: int, what: str) -> None:
    """Run to the end, connected to files.

    Raises:
        UnavailableError: it failed.
    """
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        descriptors = (null if stdin is None else stdin, stdout, 2)
        status = machine.supervisor.run(job, descriptors, terminal=False, left=lambda: False)
    finally:
        os.close(null)
    if status != 0:
        raise UnavailableError(
            f"{job.argv[0].rpartition('/')[2]} could not {what}: status {status}",
            hint=machine.engine_log,
        )
