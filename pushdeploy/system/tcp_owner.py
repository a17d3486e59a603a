"""Who listens on a port of the loopback, and who has the far end of a connection there.

The kernel says it. One socket is asked for by sock_diag(7); where that is missing, `/proc/net/tcp`
is read (proc_pid_net(5)). Standard library only: bridges ask with each connection.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST = 1
NLM_F_DUMP = 0x300
NLMSG_ERROR = 2
NLMSG_DONE = 3
LISTEN = 10

_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI2s2s16s16sIII")
_ANSWER = struct.Struct("=BBBB2s2s16s16sIIIIIIII")
_ANY_COOKIE = 0xFFFF_FFFF
_ANSWER_BYTES = 8192
_DUMP_BYTES = 1 << 18


class Owner(NamedTuple):
    """Who has a TCP socket."""

    uid: int
    """As our user namespace shows it."""
    address: str
    """The local one: `127.0.0.1`, `0.0.0.0`, `::`."""
    listens: bool
    accepted: bool
    """A connection that nobody has accepted yet has no owner: it waits in its listener's queue."""

    @property
    def exposed(self) -> bool:
        """Whether it can be reached from other machines."""
        address = ipaddress.ip_address(self.address)
        mapped = getattr(address, "ipv4_mapped", None)
        return not (mapped or address).is_loopback


def listener(port: int) -> Owner | None:
    """Who gets what is sent to this port of 127.0.0.1; `None` when nobody listens."""
    found = _find(port, LOOPBACK, 0)
    return found if found and found.listens else None


def listeners(port: int) -> list[Owner]:
    """All who listen on a port, on whatever address."""
    return [owner for _, number, _, owner in table() if number == port and owner.listens]


def proven(connection: socket.socket, port: int, uid: int, *, kept_in: bool = False) -> bool:
    """Whether the far end of a connection to 127.0.0.1 is this user's, and nobody's else.

    Once a connection is accepted its socket says whose it is. Before, it is its listener's; were
    that somebody else's who has closed it since, the connection would be gone.

    Args:
        connection: ours, to that port.
        port: where it leads.
        uid: whose it has to be.
        kept_in: the kernel keeps other machines from the port; so it may listen for them.
    """
    far = _find(port, LOOPBACK, connection.getsockname()[1])
    if far is None or far.listens or (far.accepted and far.uid != uid):
        return False
    at_port = listener(port)
    if at_port is None:
        return far.accepted
    return at_port.uid == uid and (kept_in or not at_port.exposed)


def answers(family: int, protocol: int, states: int) -> Iterator[tuple[int, int, int]]:
    """State, local port and owner of every socket in these states.

    Raises:
        OSError: the kernel has no sock_diag for this protocol, or we may not ask.
    """
    anywhere = (b"\0\0", b"\0\0", b"\0" * 16, b"\0" * 16, 0, 0, 0)
    request = _REQUEST.pack(family, protocol, 0, 0, states, *anywhere)
    head = (SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        kernel.send(_HEADER.pack(_HEADER.size + len(request), *head) + request)
        while True:
            answer = memoryview(kernel.recv(_DUMP_BYTES))
            while len(answer) >= _HEADER.size:
                length, kind, *_ = _HEADER.unpack_from(answer)
                if kind == NLMSG_DONE:
                    return
                if kind == NLMSG_ERROR:
                    raise OSError("the kernel does not list its sockets")
                fields = _ANSWER.unpack_from(answer, _HEADER.size)
                yield fields[1], int.from_bytes(fields[4], "big"), fields[14]
                answer = answer[(length + 3) & ~3 :]


def _find(port: int, far: str, far_port: int) -> Owner | None:
    try:
        return _by_netlink(port, far, far_port)
    except OSError:
        return _by_table(port, far_port)


def _by_netlink(port: int, far: str, far_port: int) -> Owner | None:
    """The connection, or when there is none, who listens.

    Raises:
        OSError: the kernel has no sock_diag for TCP, or we may not ask.
    """
    ends = [number.to_bytes(2, "big") for number in (port, far_port)]
    addresses = [socket.inet_aton(LOOPBACK), socket.inet_aton(far if far_port else "0.0.0.0")]  # noqa: S104 - no address
    what = (socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0)
    request = _REQUEST.pack(*what, *ends, *addresses, 0, _ANY_COOKIE, _ANY_COOKIE)
    head = (SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        kernel.send(_HEADER.pack(_HEADER.size + len(request), *head) + request)
        answer = kernel.recv(_ANSWER_BYTES)
    kind = _HEADER.unpack_from(answer)[1]
    if kind != SOCK_DIAG_BY_FAMILY:
        error = -struct.unpack_from("=i", answer, _HEADER.size)[0]
        if error == 2:  # noqa: PLR2004 - ENOENT: there is no such socket
            return None
        raise OSError(error, os.strerror(error))
    fields = _ANSWER.unpack_from(answer, _HEADER.size)
    family, state, source, uid, inode = fields[0], fields[1], fields[6], fields[14], fields[15]
    address = source[:4] if family == socket.AF_INET else source
    text = socket.inet_ntop(family, address)
    return Owner(uid, text, listens=state == LISTEN, accepted=inode != 0)


def _by_table(port: int, far_port: int) -> Owner | None:
    found = None
    for local, local_port, remote_port, owner in table():
        if local_port != port:
            continue
        if far_port and remote_port == far_port and not owner.listens:
            return owner
        if owner.listens and local in REACHES_LOOPBACK and (found is None or not owner.exposed):
            found = owner
    return found


REACHES_LOOPBACK = (LOOPBACK, "0.0.0.0", "::", "::ffff:127.0.0.1")  # noqa: S104 - read, not bound


def table(names: tuple[str, ...] = ("tcp", "tcp6")) -> Iterator[tuple[str, int, int, Owner]]:
    """Every socket of these tables: local address and port, remote port, owner."""
    for name in names:
        with contextlib.suppress(OSError), Path("/proc/net", name).open() as lines:
            next(lines, None)
            for line in lines:
                fields = line.split()
                address, port = _endpoint(fields[1])
                state = int(fields[3], 16)
                accepted = fields[9] != "0"
                owner = Owner(int(fields[7]), address, listens=state == LISTEN, accepted=accepted)
                yield address, port, _endpoint(fields[2])[1], owner


def _endpoint(text: str) -> tuple[str, int]:
    """`0100007F:1F40`: words of four bytes in the machine's order."""
    address, _, port = text.partition(":")
    raw = bytes.fromhex(address)
    words = [raw[start : start + 4][::-1] for start in range(0, len(raw), 4)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, b"".join(words)), int(port, 16)
