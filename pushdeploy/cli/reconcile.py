"""`reconcile`: everything made as the records say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command
from pushdeploy.cli.output import say, show_lines
from pushdeploy.engine.registry import App
from pushdeploy.engine.verbs import reconcile as verbs
from pushdeploy.errors import UnavailableError
from pushdeploy.model.text import escaped

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("reconcile", example="pushdeploy reconcile", app=App.OPTIONAL)
@click.option("--boot", is_flag=True, help="Only start what is live, without waiting.")
@click.option("--deep", is_flag=True, help="Check the owner of every file, not just some.")
@click.option("--later", is_flag=True, help="Start due deploys in the background, side by side.")
def reconcile(target: Local, *, app: str | None, boot: bool, deep: bool, later: bool) -> int:
    """Find and fix whatever is not as it should be.

    Starts what is missing, stops what is left over, finishes what was interrupted, creates missing
    users, and corrects owners and modes: for all apps, or for one. Running it twice does no harm.
    On a server a timer runs it.
    """
    request = verbs.reconcile(app or None, boot=boot, deep=deep, later=later)
    done = target.engine(request, stay=True).done
    show_lines(f"{name}: {escaped(did.text)}" for name, lines in done.items() for did in lines)
    if not any(done.values()):
        say("Nothing to start." if boot else f"{app or 'Everything'} is as it should be.")
    failed = any(did.failed for lines in done.values() for did in lines)
    return UnavailableError.exit_code if failed else 0
