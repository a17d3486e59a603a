"""The users of this machine by number, and which are an app's. Standard library only."""

from __future__ import annotations

import pwd

from pushdeploy.model.app import app_user, build_user


def own_users(app: str) -> set[int]:
    """The numbers of who runs an app and who builds it, as far as they are there."""
    numbers = (user_id(app_user(app)), user_id(build_user(app)))
    return {number for number in numbers if number is not None}


def user_id(name: str) -> int | None:
    """The number of a user; `None` when there is none of that name."""
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def user_name(number: int) -> str:
    """The name of a user, or the number when it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
