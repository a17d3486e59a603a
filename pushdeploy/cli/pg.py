"""`pg:create`, `pg:info`, `pg:psql`, `pg:dump`, `pg:restore`, `pg:destroy`: PostgreSQL."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from pushdeploy.cli.ask import confirmed, kept, may_install, name_before
from pushdeploy.cli.attempts import briefly
from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say
from pushdeploy.cli.pg_copy import pg_pull, pg_push
from pushdeploy.cli.run import at_terminal, connected, with_terminal
from pushdeploy.cli.sql_info import connections_option, show_info
from pushdeploy.engine.verbs import pg as verbs
from pushdeploy.errors import UsageError

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local

__all__ = ["pg_pull", "pg_push"]  # commands of this noun, in a file of their own

CONFIRM = "The app's name, instead of being asked for it."
WHAT = "the PostgreSQL database"


@command("pg:create", example="pushdeploy pg:create --app blog")
@click.option("--as", "variable", default="DATABASE_URL", metavar="NAME", help="The config var.")
@connections_option
@click.option("--yes", is_flag=True, help="Install PostgreSQL without asking.")
def pg_create(target: Local, *, app: str, variable: str, connections: int | None, yes: bool) -> int:
    """Create a PostgreSQL database for the app, on the same server.

    The first one installs Debian's PostgreSQL. Only the app's own user can connect to its
    database, over a unix socket and without a password. Its address becomes the config var
    DATABASE_URL, as a new release; the old one serves until the new one is healthy.
    Called again with --connections, it gets another limit, without a restart.
    """
    if not target.ask(verbs.server()).installed:
        target.refuse_unknown(app)
        say("This server has no PostgreSQL yet.")
        if not yes:
            may_install("postgresql", "pg:create", app)
        say("Installing Debian's PostgreSQL...")
        target.ask(verbs.install(confirmed=True))
    doing = f"Creating a PostgreSQL database and setting {variable}"
    request = verbs.create(app, variable=variable, connections=connections)
    return briefly(target, doing, f"and restarting {app}", request)


@command("pg:info", example="pushdeploy pg:info --app blog")
@json_option
def pg_info(target: Local, *, app: str, as_json: bool) -> None:
    """Show the database's size, connections and oldest transaction."""
    show_info(target.ask(verbs.info(app)), "PostgreSQL", as_json=as_json)


@command("pg:psql", example="pushdeploy pg:psql --app blog", prepare=with_terminal)
def pg_psql(target: Local, *, app: str) -> int:
    """Open psql in the app's database, as the app.

    Without a terminal it runs the SQL on stdin.
    """
    request = verbs.psql(app, terminal=at_terminal(), term=os.environ.get("TERM", ""))
    return connected(target, request).exit_code


@command("pg:dump", example="pushdeploy pg:dump --app blog > blog.dump")
def pg_dump(target: Local, *, app: str) -> int:
    """Write a dump of the database to stdout.

    It has PostgreSQL's custom format, which pg_restore reads. The app keeps running.
    """
    if sys.stdout.isatty():
        raise UsageError(
            "a dump can't be written to a terminal",
            hint=f"pushdeploy pg:dump --app {app} > {app}.dump",
        )
    return connected(target, verbs.dump(app)).exit_code


@command("pg:restore", example="pushdeploy pg:restore --app blog --confirm blog < blog.dump")
@click.option("--confirm", metavar="NAME", help="The app's name.")
def pg_restore(target: Local, *, app: str, confirm: str | None) -> int:
    """Replace what is in the database by a dump on stdin.

    All of it or nothing; until the end, requests that need its tables wait. Tables that the dump
    does not name stay.
    """
    if sys.stdin.isatty():
        raise UsageError(
            "a dump is read from stdin",
            hint=f"pushdeploy pg:restore --app {app} --confirm {app} < {app}.dump",
        )
    confirm = confirmed(app, confirm, WHAT, "pg:restore")
    return connected(target, verbs.restore(app, confirm=confirm)).exit_code


@command("pg:destroy", example="pushdeploy pg:destroy --app blog", prepare=name_before(WHAT))
@click.option("--confirm", metavar="NAME", help=CONFIRM)
@click.option("--force", is_flag=True, help="Even if the app is not healthy without it.")
def pg_destroy(target: Local, *, app: str, confirm: str | None, force: bool) -> int:
    """Delete the app's database with all that is in it.

    First its config var is unset, as a new release; if that is not healthy, nothing is deleted.
    """
    confirm = confirmed(app, confirm, WHAT, "pg:destroy")
    doing = "Destroying the PostgreSQL database"
    request = verbs.destroy(app, confirm=confirm, force=force)
    status = briefly(target, doing, f"and restarting {app}", request, stay=True)
    return kept(status, app, WHAT, "pg:destroy")
