"""The live code, started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import ATTEMPT_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.model.ended import Ended
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@verb("restart", Ended, right=Right.DEPLOY, log=True, seconds=ATTEMPT_SECONDS)
def restart(asked: Asked) -> Ended:
    """Make a release of the live code."""
    from pushdeploy.deploy.change_release import Change, change_release
    from pushdeploy.model.release import Kind

    change = Change(Kind.RESTART, "Restart")
    return change_release(asked.machine, asked.app, asked.session, change=change, who=asked.who)
