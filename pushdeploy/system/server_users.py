"""The server's own users, for the installer: looked at before anything is made, removed at last."""

from __future__ import annotations

import pwd
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.account import FRONT, GIT_USER, OURS
from pushdeploy.model.app import app_user, build_user
from pushdeploy.model.layout import SERVER
from pushdeploy.system.own_users import OwnUsers

if TYPE_CHECKING:
    from pushdeploy.system.own_users import Foreign


def foreign_users(*apps: str) -> list[Foreign]:
    """Users and groups of the server's own names, and of these apps', that somebody else made.

    Changes nothing.
    """
    names = [name for app in apps for name in (app_user(app), build_user(app))]
    return OwnUsers(SERVER).foreign(OURS, GIT_USER, FRONT, *names)


def check_users(*apps: str) -> None:
    """See that the names are free, or ours.

    Raises:
        UnavailableError: somebody else made a user or group of that name.
    """
    for one in foreign_users(*apps):
        raise UnavailableError(one.message, hint=one.hint)


def our_users() -> list[str]:
    """All users that were made by us, those of the apps included."""
    return OwnUsers(SERVER).names()


def remove_users(names: list[str]) -> bool:
    """Delete users of ours; their processes must have ended. Returns False when there were none."""
    return bool(OwnUsers(SERVER).remove(*names))


def login_slice() -> str | None:
    """The unit that holds all logins of `deploy` (systemd-logind(8))."""
    try:
        return f"user-{pwd.getpwnam(GIT_USER).pw_uid}.slice"
    except KeyError:
        return None
