"""`restart`: the live code, started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.cli.attempts import follow
from pushdeploy.cli.command import command
from pushdeploy.engine.verbs import restart as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("restart", example="pushdeploy restart --app blog")
def restart(target: Local, *, app: str) -> int:
    """Restart the live code.

    It becomes a new release; the old one serves until the new one is healthy.
    """
    return follow(target, verbs.restart(app))
