"""The branch, or a revision, made live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import ATTEMPT_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.errors import NotFoundError
from pushdeploy.model.ended import Ended
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@verb("deploy", Ended, right=Right.DEPLOY, log=True, seconds=ATTEMPT_SECONDS)
def deploy(asked: Asked, *, revision: str | None = None) -> Ended:
    """Deploy the branch, or a `revision` that the server has."""
    from pushdeploy.deploy.converge import deploy_revision
    from pushdeploy.model.refname import push_command
    from pushdeploy.model.revision import parse_revision
    from pushdeploy.records.app_records import AppRecords

    chosen = "" if revision is None else parse_revision(revision, asked.app)
    if not chosen and not AppRecords(asked.machine.layout.app(asked.app)).settings().branch:
        raise NotFoundError(f"nothing has been pushed to `{asked.app}` yet", hint=push_command(""))
    return deploy_revision(asked.machine, asked.app, asked.session, revision=chosen, who=asked.who)
