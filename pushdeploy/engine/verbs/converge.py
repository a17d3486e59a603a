"""What a push asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import ATTEMPT_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.model.ended import Ended
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.deploy.attempt import Audience
    from pushdeploy.engine.asked import Asked


@verb(
    "converge",
    Ended,
    right=Right.DEPLOY,
    log=True,
    seconds=ATTEMPT_SECONDS,
    ahead=(
        "pushdeploy.apps.lifecycle",
        "pushdeploy.apps.deploy_branch",
        "pushdeploy.deploy.converge",
    ),
)
def converge(
    asked: Asked, *, first: str = "", branch: str = "", pushed: str = "", after: int = 0
) -> Ended:
    """Deploy what was pushed, or say what became of it.

    Of a first push `first` names its repo. `branch` is what was pushed, `pushed` its commit, and
    `after` the number of the newest attempt before.
    """
    from pushdeploy.apps import lifecycle
    from pushdeploy.apps.deploy_branch import set_first_branch
    from pushdeploy.apps.first_push import parse_first_push
    from pushdeploy.deploy import converge as story
    from pushdeploy.deploy.attempt import Forewarned
    from pushdeploy.model.convergence import Occasion
    from pushdeploy.model.refname import parse_branch_name
    from pushdeploy.records.app_records import AppRecords

    machine, app, audience = asked.machine, asked.app, asked.session
    told: Audience = audience
    if first:
        trouble = lifecycle.take_first_push(machine, app, parse_first_push(first))
        told = audience if trouble is None else Forewarned(audience, trouble)
    if branch and AppRecords(machine.layout.app(app)).settings().branch == "":
        set_first_branch(machine, app, parse_branch_name(branch))
    return story.converge(
        machine,
        app,
        told,
        occasion=Occasion.PUSH,
        who=asked.who,
        after=after,
        pushed=pushed,
    )
