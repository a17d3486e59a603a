"""`builds:clear-cache`: what builds have downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.cli.command import command
from pushdeploy.cli.output import say

if TYPE_CHECKING:
    from pushdeploy.cli.side import Near


@command("builds:clear-cache", example="pushdeploy builds:clear-cache --app blog")
def builds_clear_cache(side: Near, *, app: str) -> None:
    """Delete the packages that builds of an app have downloaded.

    What runs stays as it is. The next build downloads again what it needs.
    """
    side.ask("builds.clear_cache", app=app)
    say(f"The package cache of {app} is empty. The next build downloads what it needs.")
