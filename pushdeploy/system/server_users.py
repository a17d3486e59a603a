"""The server's own users: `deploy`, which is logged into, and `pd-front`, which serves fronts.

Users of ours have the comment `pushdeploy`; any other user is left alone.
"""

from __future__ import annotations

import grp
import pwd
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.account import OURS, RECEIVER
from pushdeploy.system import command
from pushdeploy.system.command import Command
from pushdeploy.system.unit_files import FRONT_USER

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMENT = "pushdeploy"
NO_PASSWORD = "*"  # noqa: S105 - it is none
"""Matches no password. `!` would lock the user, and sshd without PAM then refuses its keys too."""


def check_users() -> None:
    """See that the names are free, or ours.

    Raises:
        UnavailableError: somebody else made a user of that name.
    """
    for name in (RECEIVER, FRONT_USER):
        found = _user(name)
        if found is not None and found.pw_gecos.split(",")[0] != COMMENT:
            raise UnavailableError(
                f"there is a user `{name}` that pushdeploy did not make, and whose logins would "
                "change",
                hint=f"rename it, if nothing needs that name: usermod --login NAME {name}",
            )


def ensure_users(home: Path) -> bool:
    """Make the users and the group; returns False when they were there.

    Args:
        home: of `deploy`: root's, and empty, since a login's dotfiles would be obeyed.
    """
    return any(
        [
            _ensure_group(OURS),
            _ensure_user(RECEIVER, "/bin/sh", home),
            _ensure_member(RECEIVER, OURS),
            _ensure_user(FRONT_USER, "/usr/sbin/nologin", Path("/nonexistent")),
        ]
    )


def remove_users(names: list[str]) -> bool:
    """Delete users of ours; their processes must have ended. Returns False when there were none."""
    found = [name for name in names if name in our_users()]
    for name in found:
        command.run(Command(["userdel", name]))
    return bool(found)


def remove_group() -> bool:
    """Delete the group that may talk to the engine; returns False when there was none."""
    if OURS not in _groups():
        return False
    command.run(Command(["groupdel", OURS]))
    return True


def our_users() -> list[str]:
    """All users that were made by us, those of the apps included."""
    return [user.pw_name for user in pwd.getpwall() if user.pw_gecos.split(",")[0] == COMMENT]


def login_slice() -> str | None:
    """The unit that holds all logins of `deploy` (systemd-logind(8))."""
    found = _user(RECEIVER)
    return None if found is None else f"user-{found.pw_uid}.slice"


def _ensure_group(name: str) -> bool:
    if name in _groups():
        return False
    command.run(Command(["groupadd", "--system", name]))
    return True


def _ensure_user(name: str, shell: str, home: Path) -> bool:
    found = _user(name)
    if found is None:
        group = [f"--gid={name}"] if name in _groups() else ["--user-group"]
        options = ["--system", "--no-create-home", f"--comment={COMMENT}"]
        options += [f"--home-dir={home}", f"--shell={shell}", f"--password={NO_PASSWORD}"]
        command.run(Command(["useradd", *options, *group, name]))
        return True
    if (found.pw_shell, found.pw_dir) != (shell, str(home)):
        command.run(Command(["usermod", f"--shell={shell}", f"--home={home}", name]))
        return True
    return False


def _ensure_member(name: str, group: str) -> bool:
    if name in grp.getgrnam(group).gr_mem:
        return False
    command.run(Command(["usermod", "--append", f"--groups={group}", name]))
    return True


def _user(name: str) -> pwd.struct_passwd | None:
    return next((user for user in pwd.getpwall() if user.pw_name == name), None)


def _groups() -> Iterator[str]:
    return (group.gr_name for group in grp.getgrall())
