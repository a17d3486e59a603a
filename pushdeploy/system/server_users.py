"""The server's own users, for the installer: looked at before anything is made, removed at last."""

from __future__ import annotations

import pwd
from typing import TYPE_CHECKING

from pushdeploy.model.account import FRONT, OURS, RECEIVER
from pushdeploy.model.layout import SERVER
from pushdeploy.system.own_users import OwnUsers

if TYPE_CHECKING:
    from pushdeploy.system.own_users import Foreign


def foreign_users() -> list[Foreign]:
    """Users and groups of the server's own names that somebody else made; changes nothing."""
    return OwnUsers(SERVER).foreign(OURS, RECEIVER, FRONT)


def check_users() -> None:
    """See that the names are free, or ours.

    Raises:
        UnavailableError: somebody else made a user or group of that name.
    """
    OwnUsers(SERVER).refuse_foreign(OURS, RECEIVER, FRONT)


def our_users() -> list[str]:
    """All users that were made by us, those of the apps included."""
    return OwnUsers(SERVER).names()


def remove_users(names: list[str]) -> bool:
    """Delete users of ours; their processes must have ended. Returns False when there were none."""
    return bool(OwnUsers(SERVER).remove(*names))


def login_slice() -> str | None:
    """The unit that holds all logins of `deploy` (systemd-logind(8))."""
    try:
        return f"user-{pwd.getpwnam(RECEIVER).pw_uid}.slice"
    except KeyError:
        return None
