"""`apt:allow`, `apt:forbid`: whether an app's pushes may install system packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.cli.command import command
from pushdeploy.cli.output import say
from pushdeploy.engine.verbs import apt as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("apt:allow", example="sudo pushdeploy apt:allow --app blog")
def apt_allow(target: Local, *, app: str) -> None:
    """Let pushes install what the app's Aptfile names.

    Only root may say so: whoever may push the app then chooses what is installed on the server.
    """
    target.ask(verbs.change(app, on=True))
    say(f"Pushes of {app} install what its Aptfile names")


@command("apt:forbid", example="sudo pushdeploy apt:forbid --app blog")
def apt_forbid(target: Local, *, app: str) -> None:
    """Have pushes only name what the server lacks, as they do by default.

    What is installed stays.
    """
    target.ask(verbs.change(app, on=False))
    say(f"Pushes of {app} only name what the server lacks")
