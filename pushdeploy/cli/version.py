"""`version`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy import __version__
from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import show_json
from pushdeploy.engine.registry import App

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("version", example="pushdeploy version", app=App.NONE, anywhere=True)
@json_option
def version(_: Local, *, as_json: bool) -> None:
    """Show the version."""
    if as_json:
        show_json({"version": __version__})
    else:
        print(f"pushdeploy {__version__}")
