"""What a user leaves where everybody may write: deleted with it, or its number's next user has it.

The sandbox gives apps a `/tmp` of their own, which ends with them; this is about all other rooms.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.system import command
from pushdeploy.system.command import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOMS = (
    *("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", "/run/screen"),  # noqa: S108
    *("/var/crash", "/var/spool/cron", "/var/mail"),
)

LINGER = Path("/var/lib/systemd/linger")
"""A file of a user's name there has systemd start a manager for him at boot (loginctl(1))."""

LOOK_SECONDS = 60.0


def delete_leftovers(users: Mapping[str, int]) -> None:
    """Delete what these users, name and number, own in the rooms that all share.

    find(1) follows no link, and deletes by the folder that it has open.
    """
    if not users:
        return
    owners = [word for number in users.values() for word in ("-o", "-uid", str(number))][1:]
    rooms = [room for room in ROOMS if Path(room).is_dir()]
    find = ["find", *rooms, "-xdev", "-ignore_readdir_race", "(", *owners, ")", "-delete"]
    command.attempt(Command(find), seconds=LOOK_SECONDS)
    for name in users:
        (LINGER / name).unlink(missing_ok=True)
