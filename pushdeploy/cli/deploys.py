"""`deploy`, `rollback`, `restart`, `reconcile`: what is live, changed."""

from __future__ import annotations

import click

from pushdeploy.cli.attempts import follow
from pushdeploy.cli.command import App, command
from pushdeploy.cli.side import Near
from pushdeploy.cli.table import show_lines
from pushdeploy.cli.watch import stderr


@command("deploy", example="pushdeploy deploy --app blog")
@click.argument("rev", required=False)
def deploy(side: Near, *, app: str, rev: str | None) -> int:
    """Deploy the branch, or REV, whatever was tried before."""
    return follow(side, "deploy", app=app, revision=rev or "")


@command("rollback", example="pushdeploy rollback v12 --app blog")
@click.argument("release", required=False)
def rollback(side: Near, *, app: str, release: str | None) -> int:
    """Go back to the release that was live before, or to RELEASE."""
    return follow(side, "rollback", app=app, release=release)


@command("restart", example="pushdeploy restart --app blog")
def restart(side: Near, *, app: str) -> int:
    """Start the live code anew, as a release; no request is lost."""
    return follow(side, "restart", app=app)


@command("reconcile", example="pushdeploy reconcile", app=App.OPTIONAL)
@click.option("--boot", is_flag=True, help="Only start what is live, waiting for nothing.")
def reconcile(side: Near, *, app: str | None, boot: bool) -> None:
    """Make all apps, or one, as their records say."""
    request = {"verb": "reconcile", "boot": boot, **({"app": app} if app else {})}
    done: dict[str, list[str]] = side.engine(request, stay=True)
    show_lines(f"{name}: {what}" for name, all_of_it in done.items() for what in all_of_it)
    if not any(done.values()):
        stderr().show(["Everything is as it should be."])
