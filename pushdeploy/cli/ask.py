"""Questions before something is installed or destroyed; where nobody can answer, a refusal."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from pushdeploy.cli.output import say
from pushdeploy.cli.style import typed
from pushdeploy.errors import DeployFailedError, UsageError

if TYPE_CHECKING:
    from pushdeploy.cli.invocation import Invocation, Prepare


def may_install(package: str, command: str, app: str) -> None:
    """Ask whether a package of the system may be installed.

    Raises:
        UsageError: no, or there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for confirmation",
            hint=f"pushdeploy {command} --app {app} --yes",
        )
    question = f"Install Debian's package: apt-get install {package}?"
    if not click.confirm(question, default=False, err=True):
        raise UsageError("nothing changed", hint=f"pushdeploy {command} --app {app}")


def name_before(what: str) -> Prepare:
    """Have the app's name typed on the laptop: over ssh there is no terminal to ask at.

    Args:
        what: is deleted: `the Redis`.
    """

    def prepare(invocation: Invocation) -> Invocation:
        app, told = invocation.parameters.get("app"), invocation.parameters
        if told.get("confirm") is None and app and sys.stdin.isatty():
            return replace(invocation, parameters={**told, "confirm": _typed(app, what)})
        return invocation

    return prepare


def confirmed(app: str, confirm: str | None, what: str, command: str) -> str | None:
    """The name that was given, or is typed now.

    Raises:
        UsageError: it is another one.
    """
    if confirm is None and sys.stdin.isatty():
        confirm = _typed(app, what)
    if confirm is not None and confirm != app:
        raise UsageError(
            f"`{confirm}` is not `{app}`: nothing changed",
            hint=f"pushdeploy {command} --app {app} --confirm {app}",
        )
    return confirm


def kept(status: int, app: str, what: str, command: str) -> int:
    """Say, when the app could not do without it, how it is deleted anyway.

    Returns the status.
    """
    if status == DeployFailedError.exit_code:
        force = f"pushdeploy {command} --app {app} --confirm {app} --force"
        say(f"{what[0].upper()}{what[1:]} is still there. To delete it anyway:")
        say(f"  {typed(force)}")
    return status


def _typed(app: str, what: str) -> str:
    say(f" !     This deletes all that is in {what} of {app}.")
    answer: str = click.prompt(f" !     To continue, type {app}", err=True, prompt_suffix=": ")
    return answer
