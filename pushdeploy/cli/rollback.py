"""`rollback`: an earlier release, live again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.attempts import follow
from pushdeploy.cli.command import command
from pushdeploy.engine.verbs import rollback as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("rollback", example="pushdeploy rollback v12 --app blog")
@click.argument("release", required=False)
def rollback(target: Local, *, app: str, release: str | None) -> int:
    """Go back to an earlier release.

    Without RELEASE, to the one that was live before. Nothing is rebuilt unless its
    Python is gone from the server.
    """
    return follow(target, verbs.rollback(app, release=release))
