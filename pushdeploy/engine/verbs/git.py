"""An app's repo on the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.registry import verb
from pushdeploy.errors import NotFoundError
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class Repo:
    """Where an app's repo is, and what was fixed so that git takes it."""

    repo: str
    did: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """The branch that a push deploys."""

    value: str
    before: str


@dataclass(frozen=True, slots=True)
class Packed:
    """Bytes that the repo's objects took before and take now."""

    before: int
    after: int


@verb("git.fetch", Repo, right=Right.DEPLOY)
def fetch(asked: Asked) -> Repo:
    """Have the repo ready for git to read or write."""
    from pushdeploy.apps.restore import own

    place = asked.machine.layout.app(asked.app)
    if not place.settings.exists():
        raise NotFoundError(
            f"there is no app `{asked.app}`", hint=f"pushdeploy apps:create {asked.app}"
        )
    did = own(asked.machine, asked.app)  # git would refuse a repo that is somebody else's
    return Repo(str(place.repo), tuple(did))


@verb("git.set", Branch, right=Right.CONFIGURE)
def choose(asked: Asked, *, name: str, value: str) -> Branch:
    """Set what a `name` stands for to a `value`: there is the branch alone."""
    from pushdeploy.apps.deploy_branch import choose_branch
    from pushdeploy.model.refname import parse_branch_name, parse_git_setting

    parse_git_setting(name)
    branch, app = parse_branch_name(value), asked.app
    if not asked.machine.layout.app(app).settings.exists():
        again = f"pushdeploy git:set deploy-branch {branch} --app {app}"
        raise NotFoundError(
            f"there is no app `{app}` yet; the first push, or apps:create, makes it",
            hint=f"pushdeploy apps:create {app}; {again}",
        )
    return Branch(branch, choose_branch(asked.machine, asked.app, branch))


@verb("git.gc", Packed, right=Right.CONFIGURE)
def collect(asked: Asked) -> Packed:
    """Pack the repo now."""
    from pushdeploy.apps.collect import collect as pack
    from pushdeploy.deploy.attempt import app_lock

    what = "collecting the repo"
    with app_lock(asked.machine, asked.app, asked.session, asked.who, what):
        done = pack(asked.machine, asked.app, now=True)
        return Packed(done.before, done.after)
