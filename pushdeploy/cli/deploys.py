"""`deploy`, `rollback`, `restart`, `reconcile`: what is live, changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pushdeploy.cli.attempts import follow
from pushdeploy.cli.command import App, command
from pushdeploy.cli.output import say, show_lines
from pushdeploy.errors import UnavailableError

if TYPE_CHECKING:
    from pushdeploy.cli.side import Near


FAILED = "failed: "
"""What the engine's account of something that could not be set right begins with."""


@command("deploy", example="pushdeploy deploy --app blog")
@click.argument("rev", required=False)
def deploy(side: Near, *, app: str, rev: str | None) -> int:
    """Deploy the deploy branch, or REV.

    REV is a branch, tag or commit that is on the server; it is tried again even if it failed
    before.
    """
    return follow(side, "deploy", app=app, revision=rev)


@command("rollback", example="pushdeploy rollback v12 --app blog")
@click.argument("release", required=False)
def rollback(side: Near, *, app: str, release: str | None) -> int:
    """Go back to an earlier release.

    Without RELEASE, to the one that was live before. Nothing is rebuilt unless its
    Python is gone from the server.
    """
    return follow(side, "rollback", app=app, release=release)


@command("restart", example="pushdeploy restart --app blog")
def restart(side: Near, *, app: str) -> int:
    """Restart the live code.

    It becomes a new release; the old one serves until the new one is healthy.
    """
    return follow(side, "restart", app=app)


@command("reconcile", example="pushdeploy reconcile", app=App.OPTIONAL)
@click.option("--boot", is_flag=True, help="Only start what is live, without waiting.")
@click.option("--deep", is_flag=True, help="Check the owner of every file, not just some.")
@click.option("--later", is_flag=True, help="Start due deploys in the background, side by side.")
def reconcile(side: Near, *, app: str | None, boot: bool, deep: bool, later: bool) -> int:
    """Find and fix whatever is not as it should be.

    Starts what is missing, stops what is left over, finishes what was interrupted, creates missing
    users, and corrects owners and modes: for all apps, or for one. Running it twice does no harm.
    On a server a timer runs it.
    """
    request: dict[str, Any] = {"verb": "reconcile", "boot": boot}
    request |= {"deep": True} if deep else {}
    request |= {"later": True} if later else {}
    request |= {"app": app} if app else {}
    done: dict[str, list[str]] = side.engine(request, stay=True)
    show_lines(f"{name}: {what}" for name, all_of_it in done.items() for what in all_of_it)
    if not any(done.values()):
        say("There was nothing to start." if boot else f"{app or 'Everything'} is as it should be.")
    failed = any(what.startswith(FAILED) for all_of_it in done.values() for what in all_of_it)
    return UnavailableError.exit_code if failed else 0
