"""Which ports of this machine an app may use: a table of nf_tables, by netlink(7).

The kernel asks it about each packet for the loopback. An app that connects to a port which another
one was given is turned away, and one that listens there, on whatever address, can't answer. The
table is ours alone; ufw and iptables have others. It is replaced as a whole, in one step.

Messages and attributes: linux/netfilter/nf_tables.h.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

TABLE = b"pushdeploy\0"
CHAIN = b"output\0"
USERS, PORTS, OWN = b"users\0", b"ports\0", b"own\0"

NETLINK_NETFILTER = 12
NFTABLES = 10
BATCH_BEGIN, BATCH_END = 0x10, 0x11
NEW_TABLE, DELETE_TABLE, NEW_CHAIN, NEW_RULE, NEW_SET, NEW_ELEMENTS = 0, 2, 3, 6, 9, 12
REQUEST, ACKNOWLEDGE, CREATE = 0x1, 0x4, 0x400
NESTED = 0x8000
INET = 1
LOCAL_OUT, ACCEPT = 3, 1
META_OUT_INTERFACE, META_USER, META_PROTOCOL = 5, 10, 16
TRANSPORT_HEADER, PORT_BYTES = 2, 2
FROM, TO = 0, 2
"""Where a header of TCP has its ports."""

EQUAL = 0
NOT_IN = 1
TCP_RESET = 1
LOOPBACK = 1
"""The number of `lo` in every network namespace."""

REGISTER, NEXT_REGISTER = 8, 9
"""Of four bytes each; what is looked up in both is as long as both."""

AT_ONCE = 1000
"""Elements of a set in one message, which may have 64 KiB."""

ANSWER_BYTES = 1 << 16

_HEADER = struct.Struct("=IHHII")


def fence(own: Mapping[int, Collection[int]], closed: Collection[int] = ()) -> None:
    """Have each of these users use its own ports, and none of the others'.

    Ports that are nobody's, and users who are not named, are none of its business.

    Args:
        own: a user's number, and the TCP ports that are his.
        closed: ports that are none of theirs.

    Raises:
        OSError: this kernel has no nf_tables, or we may not; all is as it was.
    """
    _send([*_no_table(), *_table(own, closed)])


def remove() -> bool:
    """Take it away; False when there was none, or there can be none."""
    try:
        _send([(DELETE_TABLE, 0, _attribute(1, TABLE))])
    except OSError:
        return False
    return True


Message = tuple[int, int, bytes]
"""Kind, flags, attributes."""


def _no_table() -> Iterator[Message]:
    """Made first, so that deleting it is no error."""
    yield NEW_TABLE, CREATE, _attribute(1, TABLE)
    yield DELETE_TABLE, 0, _attribute(1, TABLE)


def _table(own: Mapping[int, Collection[int]], closed: Collection[int]) -> Iterator[Message]:
    ports = sorted({port for ports in (*own.values(), closed) for port in ports})
    pairs = [_user(user) + _port(port) + b"\0\0" for user in own for port in sorted(own[user])]
    yield NEW_TABLE, CREATE, _attribute(1, TABLE)
    yield from _set(1, USERS, 4, [_user(user) for user in own])
    yield from _set(2, PORTS, PORT_BYTES, [_port(port) for port in ports])
    yield from _set(3, OWN, 8, pairs)
    hook = _nested(4, _number(1, LOCAL_OUT), _number(2, 0))
    named = _attribute(1, TABLE) + _attribute(3, CHAIN)
    kind = _number(5, ACCEPT) + _attribute(7, b"filter\0")
    yield NEW_CHAIN, CREATE, named + hook + kind
    for end in (TO, FROM):
        rule = (_nested(1, one) for one in _rule(end))
        yield NEW_RULE, CREATE, _attribute(1, TABLE) + _attribute(2, CHAIN) + _nested(4, *rule)


def _rule(end: int) -> Iterator[bytes]:
    """`oif lo tcp dport @ports meta skuid @users meta skuid . tcp dport != @own reject`.

    The same for `sport`: a listener that may not answer.
    """
    yield _meta(META_OUT_INTERFACE, REGISTER)
    yield _equals(struct.pack("=I", LOOPBACK))
    yield _meta(META_PROTOCOL, REGISTER)
    yield _equals(bytes([socket.IPPROTO_TCP]))
    where = (NEXT_REGISTER, TRANSPORT_HEADER, end, PORT_BYTES)
    yield _expression(b"payload\0", *(_number(kind, value) for kind, value in enumerate(where, 1)))
    yield _expression(b"lookup\0", _attribute(1, PORTS), _number(2, NEXT_REGISTER))
    yield _meta(META_USER, REGISTER)
    yield _expression(b"lookup\0", _attribute(1, USERS), _number(2, REGISTER))
    yield _expression(b"lookup\0", _attribute(1, OWN), _number(2, REGISTER), _number(5, NOT_IN))
    yield _expression(b"reject\0", _number(1, TCP_RESET))


def _meta(key: int, register: int) -> bytes:
    return _expression(b"meta\0", _number(1, register), _number(2, key))


def _equals(value: bytes) -> bytes:
    data = _nested(3, _attribute(1, value))
    return _expression(b"cmp\0", _number(1, REGISTER), _number(2, EQUAL), data)


def _expression(name: bytes, *attributes: bytes) -> bytes:
    return _attribute(1, name) + _nested(2, *attributes)


def _set(number: int, name: bytes, key_bytes: int, keys: Sequence[bytes]) -> Iterator[Message]:
    named = _attribute(1, TABLE) + _attribute(2, name)
    shape = _number(3, 0) + _number(4, 0) + _number(5, key_bytes) + _number(10, number)
    yield NEW_SET, CREATE, named + shape
    for start in range(0, len(keys), AT_ONCE):
        some = (_nested(1, _nested(1, _attribute(1, key))) for key in keys[start : start + AT_ONCE])
        yield NEW_ELEMENTS, CREATE, named + _nested(3, *some)


def _user(user: int) -> bytes:
    return struct.pack("=I", user)


def _port(port: int) -> bytes:
    return struct.pack("!H", port)


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack("!I", value))


def _nested(kind: int, *attributes: bytes) -> bytes:
    return _attribute(kind | NESTED, b"".join(attributes))


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def _send(messages: Sequence[Message]) -> None:
    """All of them or none, as one batch; what is wrong with it is known when it is sent.

    Raises:
        OSError: what the kernel says of the first that is wrong.
    """
    batch = [_message(BATCH_BEGIN, 0, b"", NFTABLES)]
    batch += [_message(NFTABLES << 8 | kind, flags, body) for kind, flags, body in messages]
    batch.append(_message(BATCH_END, 0, b"", NFTABLES))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as kernel:
        data = b"".join(batch)
        kernel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * len(data) + ANSWER_BYTES)
        kernel.send(data)
        while True:
            try:
                answer = kernel.recv(ANSWER_BYTES, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            error = -struct.unpack_from("=i", answer, _HEADER.size)[0]
            if error:
                raise OSError(error, os.strerror(error))


def _message(kind: int, flags: int, body: bytes, resource: int = 0) -> bytes:
    family = struct.pack("!BBH", 0 if resource else INET, 0, resource)
    length = _HEADER.size + len(family) + len(body)
    return _HEADER.pack(length, kind, REQUEST | flags, 0, 0) + family + body
