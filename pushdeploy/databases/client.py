"""What an app's own user runs in its database: psql, pg_dump, pg_restore, in the app's sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.database import postgres_url
from pushdeploy.model.job import Job, JobKind
from pushdeploy.system import postgres

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.machine.machine import Machine

CLIENT_SECONDS = 86_400.0
"""As long as any one-off command."""

DUMP = (
    *(postgres.DUMP, "--format=custom", "--no-owner", "--no-privileges"),
    "--lock-wait-timeout=10min",
)
"""It waits so long for whoever holds a table, and then says which."""
RESTORE = (
    *(postgres.RESTORE, "--clean", "--if-exists", "--no-owner", "--no-privileges"),
    *("--single-transaction", "--exit-on-error"),
)
"""All of it or nothing: until the end, whoever needs these tables waits."""


def psql(machine: Machine, app: str, words: Sequence[str] = ()) -> Job:
    """At the person's terminal, or with a script on stdin."""
    return _job(machine, app, (postgres.PSQL, f"--dbname={postgres_url(app)}", *words))


def pg_dump(machine: Machine, app: str) -> Job:
    """Prints a dump in PostgreSQL's custom format."""
    return _job(machine, app, (*DUMP, f"--dbname={postgres_url(app)}"))


def pg_restore(machine: Machine, app: str) -> Job:
    """Reads one from stdin, and puts what is in it in the place of what was there."""
    return _job(machine, app, (*RESTORE, f"--dbname={postgres_url(app)}"))


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
