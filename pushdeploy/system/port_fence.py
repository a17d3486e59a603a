"""Which ports of this machine an app may use: a table of nf_tables, by netlink(7).

The kernel asks it about each packet for the loopback. An app that connects to a port which another
one was given is turned away, and one that listens there, on whatever address, can't answer. It
also asks about each packet that comes in from elsewhere: what was given to web processes is closed
to other machines, whatever address they listen on. The table is ours alone; ufw and iptables have
others, and what one of all tables turns away no other lets in. It is replaced as a whole, in one
step.

Messages and attributes: linux/netfilter/nf_tables.h.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

_One = TypeVar("_One")

TABLE = b"pushdeploy\0"
OUTPUT, INPUT = b"output\0", b"input\0"
USERS, PORTS, OWN, INNER = b"users\0", b"ports\0", b"own\0", b"inner\0"

COMMENT = b"other machines reach no web process past nginx\0"
"""Of the rule of INPUT, by which it is known again; `nft list ruleset` shows it."""

NETLINK_NETFILTER = 12
NFTABLES = 10
BATCH_BEGIN, BATCH_END = 0x10, 0x11
NEW_TABLE, DELETE_TABLE, NEW_CHAIN, NEW_RULE, NEW_SET, NEW_ELEMENTS = 0, 2, 3, 6, 9, 12
GET_TABLE, GET_CHAIN, GET_RULE, GET_ELEMENTS = 1, 4, 7, 13
REQUEST, ACKNOWLEDGE, DUMP, CREATE = 0x1, 0x4, 0x300, 0x400
ERROR, DONE = 2, 3
NESTED = 0x8000
INET = 1
LOCAL_IN, LOCAL_OUT, ACCEPT = 1, 3, 1
DORMANT = 1
TABLE_FLAGS, CHAIN_HOOK, RULE_USERDATA = 2, 4, 7
META_IN_INTERFACE, META_OUT_INTERFACE, META_USER, META_PROTOCOL = 4, 5, 10, 16
TRANSPORT_HEADER, PORT_BYTES = 2, 2
FROM, TO = 0, 2
"""Where a header of TCP has its ports."""

EQUAL, UNLIKE = 0, 1
NOT_IN = 1
TCP_RESET = 1
LOOPBACK = 1
"""The number of `lo` in every network namespace."""

REGISTER, NEXT_REGISTER = 8, 9
"""Of four bytes each; what is looked up in both is as long as both."""

AT_ONCE = 1000
"""Elements of a set in one message, which may have 64 KiB."""

ANSWER_BYTES = 1 << 16
ATTRIBUTE_BYTES, FAMILY_BYTES = 4, 4
"""The header of an attribute, and what comes between a message's header and its attributes."""

_HEADER = struct.Struct("=IHHII")


def fence(
    own: Mapping[int, Collection[int]],
    closed: Collection[int] = (),
    inner: Collection[int] = (),
) -> None:
    """Have each of these users use its own ports, and none of the others'.

    Ports that are nobody's, and users who are not named, are none of its business.

    Args:
        own: a user's number, and the TCP ports that are his.
        closed: ports that are none of theirs.
        inner: ports that nobody reaches from another machine.

    Raises:
        OSError: this kernel has no nf_tables, or we may not; all is as it was.
    """
    _send([*_no_table(), *_table(own, closed), *_inner(inner)])


def remove() -> bool:
    """Take it away; False when there was none, or there can be none."""
    try:
        _send([(DELETE_TABLE, 0, _attribute(1, TABLE))])
    except OSError:
        return False
    return True


def keeps_in(ports: Collection[int]) -> bool:
    """Whether the kernel says, now, that no other machine reaches any of these ports.

    Somebody may have flushed all tables, or the rules of this one, since it was made.
    """
    ours = _attribute(1, TABLE)
    chain = _attribute(3, INPUT)
    rules = _attribute(2, INPUT)
    try:
        (table,) = _ask(GET_TABLE, ACKNOWLEDGE, ours)
        (hooked,) = _ask(GET_CHAIN, ACKNOWLEDGE, ours + chain)
        told = [dict(_read(one)) for one in _ask(GET_RULE, DUMP, ours + rules)]
        for few in _few(sorted(ports)):
            asked = _elements(INNER, [_port(port) for port in few])
            if len(_ask(GET_ELEMENTS, ACKNOWLEDGE, asked)) < len(few):
                return False
    except (OSError, ValueError):
        return False
    flags = struct.unpack("!I", dict(_read(table)).get(TABLE_FLAGS, bytes(4)))[0]
    known = bool(told) and told[0].get(RULE_USERDATA) == _comment()
    return known and CHAIN_HOOK in dict(_read(hooked)) and not flags & DORMANT


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
    yield _chain(OUTPUT, LOCAL_OUT)
    for end in (TO, FROM):
        yield _rule(OUTPUT, _others(end))


def _inner(ports: Collection[int]) -> Iterator[Message]:
    yield from _set(4, INNER, PORT_BYTES, [_port(port) for port in sorted(ports)])
    yield _chain(INPUT, LOCAL_IN)
    kind, flags, body = _rule(INPUT, _from_elsewhere())
    yield kind, flags, body + _attribute(RULE_USERDATA, _comment())


def _comment() -> bytes:
    """As `nft` writes one: kind, length, text."""
    return bytes([0, len(COMMENT)]) + COMMENT


def _chain(name: bytes, hook: int) -> Message:
    hooked = _nested(CHAIN_HOOK, _number(1, hook), _number(2, 0))
    kind = _number(5, ACCEPT) + _attribute(7, b"filter\0")
    return NEW_CHAIN, CREATE, _attribute(1, TABLE) + _attribute(3, name) + hooked + kind


def _rule(chain: bytes, expressions: Iterator[bytes]) -> Message:
    rule = (_nested(1, one) for one in expressions)
    body = _attribute(1, TABLE) + _attribute(2, chain) + _nested(4, *rule)
    return NEW_RULE, CREATE, body


def _from_elsewhere() -> Iterator[bytes]:
    """`iif != lo tcp dport @inner reject`.

    Of fragments of IPv6 the first has to have the ports, or Linux takes none of them (since 5.11).
    """
    yield _meta(META_IN_INTERFACE, REGISTER)
    yield _compares(struct.pack("=I", LOOPBACK), UNLIKE)
    yield from _port_at(TO)
    yield _expression(b"lookup\0", _attribute(1, INNER), _number(2, NEXT_REGISTER))
    yield _expression(b"reject\0", _number(1, TCP_RESET))


def _others(end: int) -> Iterator[bytes]:
    """`oif lo tcp dport @ports meta skuid @users meta skuid . tcp dport != @own reject`.

    The same for `sport`: a listener that may not answer.
    """
    yield _meta(META_OUT_INTERFACE, REGISTER)
    yield _compares(struct.pack("=I", LOOPBACK))
    yield from _port_at(end)
    yield _expression(b"lookup\0", _attribute(1, PORTS), _number(2, NEXT_REGISTER))
    yield _meta(META_USER, REGISTER)
    yield _expression(b"lookup\0", _attribute(1, USERS), _number(2, REGISTER))
    yield _expression(b"lookup\0", _attribute(1, OWN), _number(2, REGISTER), _number(5, NOT_IN))
    yield _expression(b"reject\0", _number(1, TCP_RESET))


def _port_at(end: int) -> Iterator[bytes]:
    """A port of TCP, in NEXT_REGISTER."""
    yield _meta(META_PROTOCOL, REGISTER)
    yield _compares(bytes([socket.IPPROTO_TCP]))
    where = (NEXT_REGISTER, TRANSPORT_HEADER, end, PORT_BYTES)
    yield _expression(b"payload\0", *(_number(kind, value) for kind, value in enumerate(where, 1)))


def _meta(key: int, register: int) -> bytes:
    return _expression(b"meta\0", _number(1, register), _number(2, key))


def _compares(value: bytes, how: int = EQUAL) -> bytes:
    data = _nested(3, _attribute(1, value))
    return _expression(b"cmp\0", _number(1, REGISTER), _number(2, how), data)


def _expression(name: bytes, *attributes: bytes) -> bytes:
    return _attribute(1, name) + _nested(2, *attributes)


def _set(number: int, name: bytes, key_bytes: int, keys: Sequence[bytes]) -> Iterator[Message]:
    named = _attribute(1, TABLE) + _attribute(2, name)
    shape = _number(3, 0) + _number(4, 0) + _number(5, key_bytes) + _number(10, number)
    yield NEW_SET, CREATE, named + shape
    for few in _few(keys):
        yield NEW_ELEMENTS, CREATE, _elements(name, few)


def _elements(name: bytes, keys: Sequence[bytes]) -> bytes:
    some = (_nested(1, _nested(1, _attribute(1, key))) for key in keys)
    return _attribute(1, TABLE) + _attribute(2, name) + _nested(3, *some)


def _few(many: Sequence[_One]) -> Iterator[Sequence[_One]]:
    for start in range(0, len(many), AT_ONCE):
        yield many[start : start + AT_ONCE]


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


def _ask(kind: int, flags: int, body: bytes) -> list[bytes]:
    """The attributes of whatever the kernel answers.

    Raises:
        OSError: there is no such thing.
    """
    found: list[bytes] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as kernel:
        kernel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, AT_ONCE * ANSWER_BYTES)
        kernel.send(_message(NFTABLES << 8 | kind, flags, body))
        while True:
            answer = kernel.recv(ANSWER_BYTES)
            while len(answer) >= _HEADER.size:
                length, what, *_ = _HEADER.unpack_from(answer)
                if what in (ERROR, DONE):
                    error = -struct.unpack_from("=i", answer, _HEADER.size)[0]
                    if error:
                        raise OSError(error, os.strerror(error))
                    return found
                found.append(answer[_HEADER.size + FAMILY_BYTES : length])
                answer = answer[(length + 3) & ~3 :]


def _read(attributes: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each."""
    while len(attributes) >= ATTRIBUTE_BYTES:
        length, kind = struct.unpack_from("=HH", attributes)
        if length < ATTRIBUTE_BYTES:
            raise ValueError("an attribute shorter than its own header")
        yield kind & ~NESTED, attributes[ATTRIBUTE_BYTES:length]
        attributes = attributes[(length + 3) & ~3 :]


def _message(kind: int, flags: int, body: bytes, resource: int = 0) -> bytes:
    family = struct.pack("!BBH", 0 if resource else INET, 0, resource)
    length = _HEADER.size + len(family) + len(body)
    return _HEADER.pack(length, kind, REQUEST | flags, 0, 0) + family + body
