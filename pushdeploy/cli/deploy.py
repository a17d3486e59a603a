"""`deploy`: the branch or a revision, made live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.attempts import follow
from pushdeploy.cli.command import command
from pushdeploy.engine.verbs import deploy as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("deploy", example="pushdeploy deploy --app blog")
@click.argument("rev", required=False)
def deploy(target: Local, *, app: str, rev: str | None) -> int:
    """Deploy the deploy branch, or REV.

    REV is a branch, tag or commit that is on the server; it is tried again even if it failed
    before.
    """
    return follow(target, verbs.deploy(app, revision=rev))
