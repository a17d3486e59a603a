"""`watchdog`, `watchdog:on`, `watchdog:off`: whether a web process that hangs is restarted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json
from pushdeploy.engine.verbs import watchdog as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("watchdog", example="pushdeploy watchdog --app blog")
@json_option
def watchdog(target: Local, *, app: str, as_json: bool) -> None:
    """Show whether a web process that hangs is restarted."""
    found = target.ask(verbs.watchdog(app))
    if as_json:
        show_json({"app": found.app, "watchdog": found.watchdog})
    else:
        print("on" if found.watchdog else "off")


@command("watchdog:on", example="pushdeploy watchdog:on --app blog")
def watchdog_on(target: Local, *, app: str) -> None:
    """Restart a web process that hangs."""
    target.ask(verbs.change(app, on=True))
    say(f"Enabling the watchdog of {app}... done")


@command("watchdog:off", example="pushdeploy watchdog:off --app blog")
def watchdog_off(target: Local, *, app: str) -> None:
    """Stop restarting a web process that hangs."""
    target.ask(verbs.change(app, on=False))
    say(f"Disabling the watchdog of {app}... done")
