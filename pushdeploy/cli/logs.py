"""`logs`: what the app prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command
from pushdeploy.cli.run import attached
from pushdeploy.engine.verbs import logs as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local

SHOWN = 100


@command("logs", example="pushdeploy logs -t -p web --app blog")
@click.option("-t", "--tail", is_flag=True, help="Keep showing new lines as they are printed.")
@click.option(
    "-n", "--num", "count", type=click.IntRange(0), default=SHOWN, show_default=True, help="Lines."
)
@click.option("-p", "--ps", "types", multiple=True, metavar="TYPE", help="Only web, worker, …")
def logs(target: Local, *, app: str, tail: bool, count: int, types: tuple[str, ...]) -> None:
    """Show an app's latest output."""
    attached(target, verbs.logs(app, types=types, count=count, follow=tail))
