"""What the kernel says about sockets: who is connected to a path, and whether a port is served."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTENING = 0x10000
"""`__SO_ACCEPTCON` in the flags of `/proc/net/unix` (proc_net(5))."""

CONNECT_SECONDS = 0.2
"""The loopback answers at once, unless the backlog is full."""


def connections(path: Path) -> int:
    """How many connections to this socket path are open or queued.

    A connection that waits in the listener's queue bears the path too, so 0 means: nobody is
    served and nobody waits.
    """
    return sum(not flags & LISTENING for flags in _flags(path))


def listening(path: Path) -> bool:
    """True when some process listens on this path; nobody finds one whose file was deleted."""
    return path.is_socket() and any(flags & LISTENING for flags in _flags(path))


def _flags(path: Path) -> Iterator[int]:
    """The flags of every socket that bears the path; connections bear their listener's."""
    wanted = str(path)
    with Path("/proc/net/unix").open(errors="replace") as table:
        for line in table:
            fields = line.split(maxsplit=7)
            if len(fields) == 8 and fields[7].rstrip("\n") == wanted:  # noqa: PLR2004 - columns
                yield int(fields[3], 16)


def listens(port: int) -> bool:
    """True when somebody takes connections on this port of the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_SECONDS)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def bound(address: str, port: int) -> int:
    """What the kernel says to who would listen there (errno(3)); 0 when it can be done."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind((address, port))
    except OSError as error:
        return error.errno or errno.EINVAL
    return 0
