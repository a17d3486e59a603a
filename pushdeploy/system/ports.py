"""Who holds a TCP port, in words; systemd holds those of its socket units (systemd.socket(5))."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.system.systemctl import systemctl

if TYPE_CHECKING:
    from pushdeploy.system.processes import PortHolder

FIRST_PROCESS = 1


def held_by(holder: PortHolder, port: int) -> str:
    """`` `nginx` (process 12, user root)``, or `` `ssh.socket` of systemd``."""
    unit = socket_unit(port) if holder.pid == FIRST_PROCESS else None
    if unit is not None:
        return f"`{unit}` of systemd"
    return f"`{holder.name}` (process {holder.pid}, user {holder.user})"


def socket_unit(port: int) -> str | None:
    """The unit that has this port among what it listens on.

    Each line of `systemctl list-sockets` begins `LISTEN UNIT`, as in `0.0.0.0:22 ssh.socket`.
    """
    listed = systemctl("list-sockets", "--plain", "--no-legend", check=False).stdout
    for line in listed.splitlines():
        listens, unit, *_ = [*line.split(), "", ""]
        if listens.rpartition(":")[2] == str(port):
            return unit
    return None
