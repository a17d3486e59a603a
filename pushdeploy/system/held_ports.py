"""How many ports each user takes from the others, as the kernel says it."""

from __future__ import annotations

import socket
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pushdeploy.model.ports import BRIDGED, FRONTS
from pushdeploy.system.tcp_owner import LISTEN, answers, table

if TYPE_CHECKING:
    from collections.abc import Iterator

BOUND = 13
"""`TCP_BOUND_INACTIVE`, which Linux knows from 6.8 on."""

_SYN_RECEIVED, _TIME_WAIT, _NEW_SYN_RECEIVED = 3, 6, 12
_ANY_STATE = 0xFFFF_FFFF
_OWNED = _ANY_STATE & ~(1 << _SYN_RECEIVED | 1 << _TIME_WAIT | 1 << _NEW_SYN_RECEIVED)
"""Without those that are nobody's yet, or any more."""


class Held(NamedTuple):
    """The ports that a user takes from the others."""

    listening: int
    """Of TCP, where he listens or is bound; and those that we hand out, whatever he does there."""
    used: int
    """Of TCP and UDP, where anything of his begins or ends."""


def by_user() -> dict[int, Held]:
    """What each user has.

    Whoever binds a port and connects from it keeps it from others, as a listener does, and is in no
    list of listeners.
    """
    try:
        found = list(_asked())
    except OSError:
        found = list(_read())
    heard, used = defaultdict[int, set[int]](set), defaultdict[int, set[tuple[int, int]]](set)
    for protocol, state, port, uid in found:
        used[uid].add((protocol, port))
        ours = port in FRONTS or port in BRIDGED
        if protocol == socket.IPPROTO_TCP and (state in {LISTEN, BOUND} or ours):
            heard[uid].add(port)
    return {uid: Held(len(heard[uid]), len(ports)) for uid, ports in used.items()}


def listening() -> set[tuple[int, int]]:
    """Every TCP port that somebody listens on, on whatever address, and the user."""
    try:
        families = (socket.AF_INET, socket.AF_INET6)
        return {
            (port, uid)
            for family in families
            for _, port, uid in answers(family, socket.IPPROTO_TCP, 1 << LISTEN)
        }
    except OSError:
        return {(port, owner.uid) for _, port, _, owner in table() if owner.listens}


def _asked() -> Iterator[tuple[int, int, int, int]]:
    """Protocol, state, local port and owner of every socket.

    Raises:
        OSError: the kernel has no sock_diag for TCP or UDP, or we may not ask.
    """
    for protocol, states in ((socket.IPPROTO_TCP, _OWNED), (socket.IPPROTO_UDP, _ANY_STATE)):
        for family in (socket.AF_INET, socket.AF_INET6):
            for state, port, uid in answers(family, protocol, states):
                yield protocol, state, port, uid


def _read() -> Iterator[tuple[int, int, int, int]]:
    for protocol, name in ((socket.IPPROTO_TCP, "tcp"), (socket.IPPROTO_UDP, "udp")):
        for _, port, _, owner in table((name, f"{name}6")):
            yield protocol, LISTEN if owner.listens else 0, port, owner.uid
