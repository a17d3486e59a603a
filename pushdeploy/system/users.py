"""Users and groups, as the machine has them: looked up, made, changed and deleted (useradd(8), …).

Which of them are ours is not known here.
"""

from __future__ import annotations

import grp
import pwd
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.system import command
from pushdeploy.system.command import Command
from pushdeploy.system.systemctl import systemctl, transient_until_end

if TYPE_CHECKING:
    from pathlib import Path

UNSEEN = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--")
"""usermod changes no user that has processes; where it runs, it sees none (unshare(1)). They have
their `HOME` from their unit and do not notice. systemd starts it: the engine's own sandbox makes no
namespaces."""

BUSY = 8
"""userdel's exit status for a user that has processes."""


def find_user(name: str | int) -> pwd.struct_passwd | None:
    """A user by its name or number."""
    try:
        return pwd.getpwnam(name) if isinstance(name, str) else pwd.getpwuid(name)
    except KeyError:
        return None


def find_group(name: str | int) -> grp.struct_group | None:
    """A group by its name or number."""
    try:
        return grp.getgrnam(name) if isinstance(name, str) else grp.getgrgid(name)
    except KeyError:
        return None


def members(group: str) -> set[str]:
    """Who is in a group beside those whose own it is; nobody when there is none."""
    found = find_group(group)
    return set() if found is None else set(found.gr_mem)


def add_group(name: str, number: int) -> None:
    """Make a group."""
    command.run(Command(["groupadd", "--system", f"--gid={number}", name]))


def delete_group(name: str) -> None:
    """Delete a group."""
    command.run(Command(["groupdel", name]))


def add_user(
    name: str, *, number: int, group: int, comment: str, home: Path, shell: str, password: str
) -> None:
    """Make a user; not its home.

    Args:
        name: its name.
        number: its id.
        group: the id of its own group, which is there.
        comment: what its record says of it (passwd(5)).
        home: its home, which may lie nowhere.
        shell: what a login starts.
        password: as in shadow(5).
    """
    options = ["--system", "--no-create-home", f"--comment={comment}", f"--uid={number}"]
    options += [f"--gid={group}", f"--home-dir={home}", f"--shell={shell}"]
    command.run(Command(["useradd", *options, f"--password={password}", name]))


def move_home(name: str, home: Path, shell: str) -> str | None:
    """Set home and shell, also while the user has processes; returns why that failed, if it did."""
    line = ["usermod", f"--home={home}", f"--shell={shell}", name]
    if command.attempt(Command(transient_until_end(["--pipe"], [*UNSEEN, *line]))).status == 0:
        return None
    output = command.attempt(Command(line))  # where no namespaces can be had
    return None if output.status == 0 else output.stderr.strip()


def delete_user(user: pwd.struct_passwd) -> None:
    """With its group, when nobody else is in it (login.defs(5), USERGROUPS_ENAB).

    Raises:
        UnavailableError: it could not be deleted.
    """
    deleted = command.attempt(Command(["userdel", user.pw_name]))
    if deleted.status == BUSY:  # a user manager, or what somebody runs by hand
        systemctl("stop", f"user-{user.pw_uid}.slice", check=False, seconds=60)
        command.run(Command(["userdel", user.pw_name]))
    elif deleted.status != 0:
        raise UnavailableError(
            f"the user `{user.pw_name}` could not be deleted: {deleted.stderr.strip()}",
            hint=f"userdel {user.pw_name}",
        )


def add_member(group: str, user: str) -> None:
    """Put a user into a group, beside those that it is in."""
    command.run(Command(["usermod", "--append", f"--groups={group}", user]))


def remove_member(group: str, user: str) -> None:
    """Take a user out of a group."""
    command.run(Command(["gpasswd", "--delete", user, group]))
