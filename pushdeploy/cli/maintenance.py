"""`maintenance`, `maintenance:on`, `maintenance:off`: a page instead of the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json
from pushdeploy.engine.verbs import maintenance as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("maintenance", example="pushdeploy maintenance --app blog")
@json_option
def maintenance(target: Local, *, app: str, as_json: bool) -> None:
    """Show whether visitors get the maintenance page."""
    found = target.ask(verbs.maintenance(app))
    if as_json:
        show_json({"app": found.app, "maintenance": found.maintenance})
    else:
        print("on" if found.maintenance else "off")


@command("maintenance:on", example="pushdeploy maintenance:on --message 'Back at 9' --app blog")
@click.option("--message", help="What the page says.")
def maintenance_on(target: Local, *, app: str, message: str | None) -> None:
    """Answer every request with 503 and a page; workers keep running."""
    target.ask(verbs.change(app, on=True, message=message))
    say(f"Enabling maintenance mode for {app}... done")


@command("maintenance:off", example="pushdeploy maintenance:off --app blog")
def maintenance_off(target: Local, *, app: str) -> None:
    """Turn the maintenance page off."""
    target.ask(verbs.change(app, on=False))
    say(f"Disabling maintenance mode for {app}... done")
