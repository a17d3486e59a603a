"""An earlier release, live again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import ATTEMPT_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.model.ended import Ended
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@verb("rollback", Ended, right=Right.DEPLOY, log=True, seconds=ATTEMPT_SECONDS)
def rollback(asked: Asked, *, release: str | None = None) -> Ended:
    """Go back to a `release`, or to the one before."""
    from pushdeploy.deploy.rollback import rollback as go_back
    from pushdeploy.model.release import parse_release_name

    number = None if release is None else parse_release_name(release)
    return go_back(asked.machine, asked.app, asked.session, number=number, who=asked.who)
