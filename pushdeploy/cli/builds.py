"""`builds:clear-cache`: what builds have downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.cli.command import command
from pushdeploy.cli.output import say
from pushdeploy.engine.verbs import builds as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("builds:clear-cache", example="pushdeploy builds:clear-cache --app blog")
def builds_clear_cache(target: Local, *, app: str) -> None:
    """Delete the packages that an app's builds have downloaded.

    Nothing that is running changes. The next build downloads what it needs again.
    """
    target.ask(verbs.clear_cache(app))
    say(f"The package cache of {app} is empty. The next build downloads what it needs.")
