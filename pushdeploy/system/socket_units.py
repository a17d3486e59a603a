"""Which socket unit of systemd has a port (systemd.socket(5)). Standard library only."""

from __future__ import annotations

from pushdeploy.system.systemctl import systemctl


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
