"""`pg:pull`, `pg:push`: an app's PostgreSQL database to the laptop and back, through ssh."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command
from pushdeploy.cli.output import say
from pushdeploy.cli.target import Local
from pushdeploy.errors import NotFoundError, UnavailableError, UsageError

if TYPE_CHECKING:
    from pushdeploy.cli.laptop import Server
    from pushdeploy.cli.target import Target

QUESTION = """\
\\set QUIET on
\\pset format unaligned
\\pset tuples_only on
SELECT current_setting('server_version_num')::int / 10000, ({content});
"""
ANSWER = re.compile(r"([0-9]{1,3})\|([0-9]{1,9})")

ASK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class There:
    """The app's database."""

    server: Server
    app: str
    version: int
    """Of the server's PostgreSQL: `17`."""
    content: int
    """How many tables and the like."""


@command("pg:pull", example="pushdeploy pg:pull blog_dev", here=True)
@click.argument("database")
@click.option(
    "--confirm", metavar="NAME", help="The local database, if its content may be replaced."
)
def pg_pull(
    target: Target, *, database: str, app: str | None, remote: str | None, confirm: str | None
) -> None:
    """Copy the app's database into one on the laptop.

    DATABASE is the name of a local one, which is created if it is not there, or an address. It
    needs PostgreSQL and its tools on the laptop, of the server's version or newer. The app keeps
    running.
    """
    from pushdeploy.system import own_postgres
    from pushdeploy.system.command import piped

    here = _tools(target, "pg:dump")
    there = _there(app, remote)
    if here < there.version:
        raise _other_version(here, there.version)
    content = own_postgres.content(database)
    if content and confirm != database:
        raise UsageError(
            f"`{database}` on this machine is not empty",
            hint=f"pushdeploy pg:pull {database} --confirm {database}",
        )
    if content is None:
        own_postgres.create(database)
    say(f"Copying the database of {there.app} into {database}...")
    statuses = piped(
        there.server.command("pg:dump", "--app", there.app),
        own_postgres.restore(database, replace=bool(content)),
    )
    if any(statuses):
        if content is None:
            own_postgres.drop(database)
        raise UnavailableError(
            f"the database of `{there.app}` was not copied: `{database}` is as it was",
            hint=f"pushdeploy pg:info --app {there.app}",
        )
    say("done")


@command("pg:push", example="pushdeploy pg:push blog_dev --confirm blog", here=True)
@click.argument("database")
@click.option("--confirm", metavar="NAME", help="The app's name, if its database may be replaced.")
def pg_push(
    target: Target, *, database: str, app: str | None, remote: str | None, confirm: str | None
) -> None:
    """Copy a database of the laptop into the app's.

    DATABASE is the name of a local one, or an address. What is in the app's database is replaced,
    all of it or nothing, and only if --confirm names the app; tables that the local one does not
    have stay. It needs pg_dump on the laptop, of no newer version than the server's.
    """
    from pushdeploy.system import own_postgres
    from pushdeploy.system.command import piped

    here = _tools(target, "pg:restore")
    if own_postgres.content(database) is None:
        raise NotFoundError(f"this machine has no database `{database}`", hint="psql --list")
    there = _there(app, remote)
    if here > there.version:
        raise _other_version(here, there.version)
    if there.content and confirm != there.app:
        raise UsageError(
            f"the database of `{there.app}` is not empty",
            hint=f"pushdeploy pg:push {database} --confirm {there.app}",
        )
    say(f"Copying {database} into the database of {there.app}...")
    restore = ("pg:restore", "--app", there.app, "--confirm", there.app)
    statuses = piped(own_postgres.dump(database), there.server.command(*restore))
    if any(statuses):
        raise UnavailableError(
            f"`{database}` was not copied: the database of `{there.app}` is as it was",
            hint=f"pushdeploy pg:info --app {there.app}",
        )
    say("done")


def _tools(target: Target, instead: str) -> int:
    """The version of the laptop's tools.

    Raises:
        UsageError: this is the server.
        UnavailableError: they are not here.
    """
    from pushdeploy.system import own_postgres

    if isinstance(target, Local):
        raise UsageError(
            "this copies between a laptop and its server, and runs on the laptop",
            hint=f"pushdeploy {instead} --help",
        )
    return own_postgres.require()


def _there(app: str | None, remote: str | None) -> There:
    """Ask the server about the app's database.

    Raises:
        UnavailableError: it gives no answer; why was printed.
    """
    from pushdeploy.cli.laptop import server
    from pushdeploy.system import own_postgres
    from pushdeploy.system.command import Command, attempt

    found = server(remote)
    app = app or found.remote.app
    asked = found.command("pg:psql", "--app", app)
    question = QUESTION.format(content=own_postgres.CONTENT)
    said = attempt(Command(asked.argv, stdin=question), seconds=ASK_SECONDS)
    answers = [match for line in said.stdout.splitlines() if (match := ANSWER.fullmatch(line))]
    if said.status != 0 or not answers:
        say(*said.stderr.rstrip().splitlines())
        raise UnavailableError(
            f"the server did not answer about the database of `{app}`",
            hint=f"pushdeploy pg:info --app {app}",
        )
    return There(found, app, int(answers[-1][1]), int(answers[-1][2]))


def _other_version(here: int, there: int) -> UnavailableError:
    rule = "they can't read its dump" if here < there else "it can't read their dump"
    return UnavailableError(
        f"the tools on this machine are PostgreSQL {here}, the server has {there}: {rule}",
        hint=f"install postgresql-client-{there} here, or put its programs first in PATH",
    )
