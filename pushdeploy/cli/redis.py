"""`redis:create`, `redis:info`, `redis:destroy`: an app's own Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.ask import confirmed, kept, may_install, name_before
from pushdeploy.cli.attempts import briefly
from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import aligned, say, show_json, show_lines
from pushdeploy.engine.verbs import redis as verbs
from pushdeploy.model.size import format_size

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local

WHAT = "the Redis"
LEAST, MOST = 16, 1 << 20
"""MiB."""


@command("redis:create", example="pushdeploy redis:create --app blog")
@click.option("--as", "variable", default="REDIS_URL", metavar="NAME", help="The config var.")
@click.option(
    "--memory",
    type=click.IntRange(LEAST, MOST),
    metavar="MIB",
    help="How much it may hold; 256 MiB by default.",
)
@click.option("--yes", is_flag=True, help="Install Redis without asking.")
def redis_create(target: Local, *, app: str, variable: str, memory: int | None, yes: bool) -> int:
    """Start a Redis for the app alone, on the same server.

    The first one installs Debian's Valkey or Redis. It keeps what it holds over a restart, and
    refuses new data when it is full. Its address becomes the config var REDIS_URL, as a new
    release. Called again with --memory, it gets another limit, without a restart.
    """
    found = target.ask(verbs.server())
    if not found.installed:
        target.refuse_unknown(app)
        say("This server has no Redis yet.")
        if not yes:
            may_install(found.package, "redis:create", app)
        say(f"Installing Debian's {found.package}...")
        target.ask(verbs.install(confirmed=True))
    request = verbs.create(app, variable=variable, memory=memory)
    return briefly(
        target, f"Starting a Redis and setting {variable}", f"and restarting {app}", request
    )


@command("redis:info", example="pushdeploy redis:info --app blog")
@json_option
def redis_info(target: Local, *, app: str, as_json: bool) -> None:
    """Show how full the app's Redis is, and its clients and keys."""
    found = target.ask(verbs.info(app))
    if as_json:
        show_json(
            {
                "config_vars": list(found.variables),
                "version": found.version,
                "bytes": found.used,
                "bytes_at_most": found.most,
                "clients": found.clients,
                "keys": found.keys,
                "persisted": found.persisted,
            }
        )
        return
    rows = [
        ("Config vars:", ", ".join(found.variables) or "none"),
        ("Version:", found.version),
        ("Memory:", f"{format_size(found.used)} of {format_size(found.most)}"),
        ("Clients:", str(found.clients)),
        ("Keys:", str(found.keys)),
        ("On disk:", "yes, but for the last second" if found.persisted else "no: writing fails"),
    ]
    show_lines(aligned(rows))


@command("redis:destroy", example="pushdeploy redis:destroy --app blog", prepare=name_before(WHAT))
@click.option("--confirm", metavar="NAME", help="The app's name, instead of being asked for it.")
@click.option("--force", is_flag=True, help="Even if the app is not healthy without it.")
def redis_destroy(target: Local, *, app: str, confirm: str | None, force: bool) -> int:
    """Delete the app's Redis with all that it holds.

    First its config var is unset, as a new release; if that is not healthy, nothing is deleted.
    """
    confirm = confirmed(app, confirm, WHAT, "redis:destroy")
    request = verbs.destroy(app, confirm=confirm, force=force)
    status = briefly(target, "Destroying the Redis", f"and restarting {app}", request, stay=True)
    return kept(status, app, WHAT, "redis:destroy")
