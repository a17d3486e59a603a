"""How many ports each user takes from the others, asked of the kernel in both ways."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from pushdeploy.model.ports import BRIDGED
from pushdeploy.system import held_ports as module
from pushdeploy.system.held_ports import Held, by_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MINE = os.getuid()
MADE = 50
SURELY = 40
"""Others of the same user come and go."""
ALMOST_ALL = range(BRIDGED.start, BRIDGED.start + MADE)


def mine() -> Held:
    """What this user has."""
    return by_user().get(MINE, Held(0, 0))


@pytest.fixture
def kept() -> Iterator[ExitStack]:
    """Closes the sockets that a test makes."""
    with ExitStack() as stack:
        yield stack


def listening(stack: ExitStack) -> None:
    """Sockets that listen."""
    for _ in range(MADE):
        stack.enter_context(socket.create_server(("127.0.0.1", 0)))


def bound_and_connected(stack: ExitStack) -> None:
    """Connections from ports that were bound first: nobody listens there."""
    server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=MADE))
    for port in ALMOST_ALL:
        client = stack.enter_context(socket.socket())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(("127.0.0.1", port))
        client.connect(server.getsockname())


def datagrams(stack: ExitStack) -> None:
    """Sockets of UDP, of which half have a far end."""
    for number in range(MADE):
        one = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        one.bind(("127.0.0.1", 0))
        if number % 2:
            one.connect(("127.0.0.1", 9))


@pytest.mark.parametrize("make", [listening, bound_and_connected])
def test_ports_that_others_cannot_have_are_counted(
    make: Callable[[ExitStack], None], kept: ExitStack
) -> None:
    before = mine()

    make(kept)

    assert mine().listening >= before.listening + SURELY
    assert mine().used >= before.used + SURELY


def test_ports_of_udp_are_counted_as_used_alone(kept: ExitStack) -> None:
    before = mine()

    datagrams(kept)

    assert mine().used >= before.used + SURELY
    assert mine().listening < before.listening + SURELY


@pytest.mark.parametrize("make", [listening, bound_and_connected, datagrams])
def test_the_kernels_tables_say_the_same(
    make: Callable[[ExitStack], None], kept: ExitStack
) -> None:
    make(kept)

    asked = {(protocol, port) for protocol, _, port, uid in module._asked() if uid == MINE}  # noqa: SLF001
    read = {(protocol, port) for protocol, _, port, uid in module._read() if uid == MINE}  # noqa: SLF001

    assert len(asked & read) >= SURELY


def test_a_server_with_many_visitors_takes_one_port(kept: ExitStack) -> None:
    server = kept.enter_context(socket.create_server(("127.0.0.1", BRIDGED[-1]), backlog=MADE))
    before = mine()

    for _ in range(MADE):
        kept.enter_context(socket.create_connection(server.getsockname()))
        kept.enter_context(server.accept()[0])

    assert mine().listening < before.listening + SURELY
