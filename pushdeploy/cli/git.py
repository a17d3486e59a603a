"""`git:set`: which branch a push deploys; `git:gc`: the room that the server's repo takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command
from pushdeploy.cli.output import say
from pushdeploy.engine.verbs import git as verbs
from pushdeploy.errors import UsageError
from pushdeploy.model.refname import push_command
from pushdeploy.model.size import format_size

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local

SETTING = "deploy-branch"
"""The one thing that git:set sets."""


@command("git:set", example="pushdeploy git:set deploy-branch main --app blog")
@click.argument("name", metavar=SETTING)
@click.argument("value", metavar="BRANCH", required=False)
def git_set(target: Local, *, app: str, name: str, value: str | None) -> None:
    """Choose the branch that a push deploys.

    What is live stays live until that branch is pushed; other branches are deleted from the server.
    """
    if value is None:
        meant = "main" if name == SETTING else name
        raise UsageError(
            "git:set takes two words: what to set, and the branch",
            hint=f"pushdeploy git:set {SETTING} {meant} --app {app}",
        )
    done = target.ask(verbs.choose(app, name=name, value=value))
    branch = done.value
    if done.before == branch:
        say(f"{app} deploys {branch} already")
    else:
        say(f"{app} deploys {branch} from now on: {push_command(branch)}")


@command("git:gc", example="pushdeploy git:gc --app blog")
def git_gc(target: Local, *, app: str) -> None:
    """Pack an app's repo on the server, and delete what is not needed.

    This happens by itself, at most once a day; pushes wait while it runs.
    """
    done = target.ask(verbs.collect(app))
    before, after = format_size(done.before), format_size(done.after)
    say(f"Packing the repo of {app}... done: {before} before, {after} now")
