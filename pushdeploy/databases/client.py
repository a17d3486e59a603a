"""What an app's own user runs in its database: a client or a dump, in the app's sandbox."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.model.database import Database, postgres_url, sql_name
from pushdeploy.model.job import Job, JobKind
from pushdeploy.system import mysql, postgres, redis

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine

CLIENT_SECONDS = 86_400.0
"""As long as any one-off command."""

PG_DUMP = (
    *(postgres.DUMP, "--format=custom", "--no-owner", "--no-privileges"),
    "--lock-wait-timeout=10min",
)
"""It waits so long for whoever holds a table, and then says which."""
PG_RESTORE = (
    *(postgres.RESTORE, "--clean", "--if-exists", "--no-owner", "--no-privileges"),
    *("--single-transaction", "--exit-on-error"),
)
"""All of it or nothing: until the end, whoever needs these tables waits."""


def probe(machine: Machine, app: str, kind: Database) -> Job:
    """Succeeds when the app is let in."""
    if kind is Database.MYSQL:
        return _job(machine, app, (*mysql.client(sql_name(app)), "--execute=SELECT 1"))
    words = ("--no-psqlrc", "--quiet", "--command=SELECT 1")
    return _job(machine, app, (*_psql(app), *words))


def shell(machine: Machine, app: str, kind: Database) -> Job:
    """At the person's terminal, or with a script on stdin."""
    name = sql_name(app)
    return _job(machine, app, mysql.client(name) if kind is Database.MYSQL else _psql(app))


def dump(machine: Machine, app: str, kind: Database) -> Job:
    """Prints a dump: of PostgreSQL in its custom format, of MariaDB as SQL, of Redis its own."""
    if kind is Database.REDIS:
        data = machine.layout.app(app).redis
        job = _job(machine, app, redis.save(app, data))
        return replace(job, writable=(*job.writable, data))
    if kind is Database.MYSQL:
        return _job(machine, app, mysql.dump(sql_name(app)))
    return _job(machine, app, (*PG_DUMP, f"--dbname={postgres_url(app)}"))


def restore(machine: Machine, app: str, kind: Database) -> Job:
    """Reads one from stdin, and puts what is in it in the place of what was there."""
    if kind is Database.MYSQL:
        return _job(machine, app, mysql.restore(sql_name(app)))
    return _job(machine, app, (*PG_RESTORE, f"--dbname={postgres_url(app)}"))


def _psql(app: str) -> tuple[str, ...]:
    return (postgres.PSQL, f"--dbname={postgres_url(app)}")


def _job(machine: Machine, app: str, argv: tuple[str, ...]) -> Job:
    place = machine.layout.app(app)
    return Job(
        app=app,
        kind=JobKind.RUN,
        argv=argv,
        user=machine.accounts.app_user(app),
        groups=(),
        folder=place.home,
        home=place.home,
        writable=(place.home,),
        hidden=(machine.layout.settings, machine.layout.engine_socket),
        environment=(("LANG", "C.UTF-8"),),
        seconds=CLIENT_SECONDS,
    )
