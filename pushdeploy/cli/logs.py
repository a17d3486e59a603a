"""`logs`: what the app prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.attached import attached
from pushdeploy.cli.command import command
from pushdeploy.engine.verbs import logs as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.side import Near

SHOWN = 100


@command("logs", example="pushdeploy logs -t -p web --app blog")
@click.option("-t", "--tail", is_flag=True, help="Keep showing new lines as they are printed.")
@click.option(
    "-n", "--num", "count", type=click.IntRange(0), default=SHOWN, show_default=True, help="Lines."
)
@click.option("-p", "--ps", "types", multiple=True, metavar="TYPE", help="Only web, worker, …")
def logs(side: Near, *, app: str, tail: bool, count: int, types: tuple[str, ...]) -> None:
    """Show an app's latest output."""
    attached(side, verbs.logs, app=app, types=list(types), count=count, follow=tail)
