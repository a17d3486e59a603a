"""`mysql:create`, `:info`, `:cli`, `:dump`, `:restore`, `:destroy`: MariaDB."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from pushdeploy.cli.ask import confirmed, kept, may_install, name_before
from pushdeploy.cli.attempts import briefly
from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say
from pushdeploy.cli.run import at_terminal, connected, with_terminal
from pushdeploy.cli.sql_info import connections_option, show_info
from pushdeploy.engine.verbs import mysql as verbs
from pushdeploy.errors import UsageError

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local

CONFIRM = "The app's name, instead of being asked for it."
WHAT = "the MariaDB database"


@command("mysql:create", example="pushdeploy mysql:create --app blog")
@click.option("--as", "variable", default="DATABASE_URL", metavar="NAME", help="The config var.")
@connections_option
@click.option("--yes", is_flag=True, help="Install MariaDB without asking.")
def mysql_create(
    target: Local, *, app: str, variable: str, connections: int | None, yes: bool
) -> int:
    """Create a MariaDB database for the app, on the same server.

    The first one installs Debian's MariaDB. Only the app's own user can connect to its database,
    over a unix socket and without a password. Its address becomes the config var DATABASE_URL, as a
    new release; the old one serves until the new one is healthy. Called again with --connections,
    it gets another limit, without a restart.
    """
    if not target.ask(verbs.server()).installed:
        target.refuse_unknown(app)
        say("This server has no MariaDB yet.")
        if not yes:
            may_install("mariadb-server", "mysql:create", app)
        say("Installing Debian's MariaDB...")
        target.ask(verbs.install(confirmed=True))
    doing = f"Creating a MariaDB database and setting {variable}"
    request = verbs.create(app, variable=variable, connections=connections)
    return briefly(target, doing, f"and restarting {app}", request)


@command("mysql:info", example="pushdeploy mysql:info --app blog")
@json_option
def mysql_info(target: Local, *, app: str, as_json: bool) -> None:
    """Show the MariaDB database's size, connections and oldest transaction."""
    show_info(target.ask(verbs.info(app)), "MariaDB", as_json=as_json)


@command("mysql:cli", example="pushdeploy mysql:cli --app blog", prepare=with_terminal)
def mysql_cli(target: Local, *, app: str) -> int:
    """Open MariaDB's own client in the app's database, as the app.

    Without a terminal it runs the SQL on stdin.
    """
    request = verbs.cli(app, terminal=at_terminal(), term=os.environ.get("TERM", ""))
    return connected(target, request).exit_code


@command("mysql:dump", example="pushdeploy mysql:dump --app blog > blog.sql")
def mysql_dump(target: Local, *, app: str) -> int:
    """Write a dump of the MariaDB database to stdout.

    It is SQL, which mariadb and mysql read. The app keeps running.
    """
    if sys.stdout.isatty():
        raise UsageError(
            "a dump can't be written to a terminal",
            hint=f"pushdeploy mysql:dump --app {app} > {app}.sql",
        )
    return connected(target, verbs.dump(app)).exit_code


@command("mysql:restore", example="pushdeploy mysql:restore --app blog --confirm blog < blog.sql")
@click.option("--confirm", metavar="NAME", help="The app's name.")
def mysql_restore(target: Local, *, app: str, confirm: str | None) -> int:
    """Replace what is in the MariaDB database by a dump on stdin.

    It begins when the whole dump has arrived. Then table after table is replaced: if one fails,
    those before it stay replaced. Tables that the dump does not name stay.
    """
    if sys.stdin.isatty():
        raise UsageError(
            "a dump is read from stdin",
            hint=f"pushdeploy mysql:restore --app {app} --confirm {app} < {app}.sql",
        )
    confirm = confirmed(app, confirm, WHAT, "mysql:restore")
    return connected(target, verbs.restore(app, confirm=confirm)).exit_code


@command("mysql:destroy", example="pushdeploy mysql:destroy --app blog", prepare=name_before(WHAT))
@click.option("--confirm", metavar="NAME", help=CONFIRM)
@click.option("--force", is_flag=True, help="Even if the app is not healthy without it.")
def mysql_destroy(target: Local, *, app: str, confirm: str | None, force: bool) -> int:
    """Delete the app's MariaDB database with all that is in it.

    First its config var is unset, as a new release; if that is not healthy, nothing is deleted.
    """
    confirm = confirmed(app, confirm, WHAT, "mysql:destroy")
    doing = "Destroying the MariaDB database"
    request = verbs.destroy(app, confirm=confirm, force=force)
    status = briefly(target, doing, f"and restarting {app}", request, stay=True)
    return kept(status, app, WHAT, "mysql:destroy")
