"""`git:set`: which branch a push deploys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command
from pushdeploy.cli.output import say

if TYPE_CHECKING:
    from pushdeploy.cli.side import Near


@command("git:set", example="pushdeploy git:set deploy-branch main --app blog")
@click.argument("name", metavar="deploy-branch")
@click.argument("value", metavar="BRANCH")
def git_set(side: Near, *, app: str, name: str, value: str) -> None:
    """Choose the branch that a push deploys.

    What is live stays until that branch is pushed; other branches are removed from the server.
    """
    done = side.ask("git.set", app=app, name=name, value=value)
    branch = done["value"]
    if done["before"] == branch:
        say(f"{app} deploys {branch} already")
    else:
        say(f"{app} deploys {branch} from now on: git push production {branch}")
