"""The TCP ports of this machine; systemd holds those of its socket units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.system import held_ports, processes, tcp_owner
from pushdeploy.system.socket_units import socket_unit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pushdeploy.system.held_ports import Held
    from pushdeploy.system.processes import PortHolder
    from pushdeploy.system.tcp_owner import Owner

FIRST_PROCESS = 1


class TcpPorts:
    """As the kernel and systemd tell of them."""

    def listener(self, port: int) -> Owner | None:
        """Who gets what is sent to it."""
        return tcp_owner.listener(port)

    def by_user(self) -> dict[int, Held]:
        """By the kernel's tables."""
        return held_ports.by_user()

    def listening(self) -> set[tuple[int, int]]:
        """By the same."""
        return held_ports.listening()

    def all_listening(self) -> list[tuple[int, Owner]]:
        """By the kernel's tables."""
        return [(port, owner) for _, port, _, owner in tcp_owner.table() if owner.listens]

    def holder(self, port: int) -> str | None:
        """The process or the socket unit."""
        found = processes.port_holder(port)
        return None if found is None else held_by(found, port)

    def free(self, candidates: Iterable[int]) -> int | None:
        """Tried by binding it."""
        return processes.free_port(candidates)

    def another(self, wanted: int, taken: Collection[int] = ()) -> int:
        """The next one that is free."""
        return processes.another_port(wanted, taken)


def held_by(holder: PortHolder, port: int) -> str:
    """`` `nginx` (process 12, user root)``, or `` `ssh.socket` of systemd``."""
    unit = socket_unit(port) if holder.pid == FIRST_PROCESS else None
    if unit is not None:
        return f"`{unit}` of systemd"
    return f"`{holder.name}` (process {holder.pid}, user {holder.user})"
