"""What the kernel says about unix sockets, asked of real ones."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from pushdeploy.system.sockets import connections, listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Closes what the test opens."""
    with ExitStack() as opened:
        yield opened


def listener(stack: ExitStack, path: Path) -> socket.socket:
    """A socket that listens."""
    made = stack.enter_context(socket.socket(socket.AF_UNIX))
    made.bind(str(path))
    made.listen()
    return made


def client(stack: ExitStack, path: Path) -> socket.socket:
    """A connection to it."""
    made = stack.enter_context(socket.socket(socket.AF_UNIX))
    made.connect(str(path))
    return made


def test_nobody_is_connected_to_a_path_that_is_not_there(short_folder: Path) -> None:
    assert connections(short_folder / "web.sock") == 0
    assert not listening(short_folder / "web.sock")


def test_a_listener_alone_is_no_connection(stack: ExitStack, short_folder: Path) -> None:
    path = short_folder / "web.sock"
    listener(stack, path)

    assert connections(path) == 0
    assert listening(path)


def test_a_connection_that_waits_in_the_queue_counts(stack: ExitStack, short_folder: Path) -> None:
    path = short_folder / "web.sock"
    listener(stack, path)

    client(stack, path)

    assert connections(path) == 1


def test_an_accepted_connection_counts_until_it_ends(stack: ExitStack, short_folder: Path) -> None:
    path = short_folder / "web.sock"
    server = listener(stack, path)
    visitor = client(stack, path)
    accepted, _ = server.accept()
    during = connections(path)

    visitor.close()
    accepted.close()

    assert during == 1
    assert connections(path) == 0


def test_a_listener_is_seen_among_many_connections(stack: ExitStack, short_folder: Path) -> None:
    path = short_folder / "web.sock"
    server = listener(stack, path)
    for _ in range(50):
        client(stack, path)
        stack.enter_context(server.accept()[0])

    assert listening(path)
    assert connections(path) == 50


def test_a_bound_socket_that_does_not_listen_is_seen(stack: ExitStack, short_folder: Path) -> None:
    path = short_folder / "web.sock"
    stack.enter_context(socket.socket(socket.AF_UNIX)).bind(str(path))

    assert not listening(path)


def test_a_listener_whose_file_was_deleted_is_not_found(
    stack: ExitStack, short_folder: Path
) -> None:
    path = short_folder / "web.sock"
    listener(stack, path)

    path.unlink()

    assert not listening(path)


def test_a_longer_path_is_another_path(stack: ExitStack, short_folder: Path) -> None:
    listener(stack, short_folder / "web.sock2")
    client(stack, short_folder / "web.sock2")
    listener(stack, short_folder / "a web.sock")

    assert not listening(short_folder / "web.sock")
    assert connections(short_folder / "web.sock") == 0
    assert listening(short_folder / "a web.sock")


def test_what_listens_after_the_connections_were_made_is_found(
    stack: ExitStack, short_folder: Path
) -> None:
    """Old connections keep the path of a listener that is gone; a new one may come after them."""
    path = short_folder / "web.sock"
    old = listener(stack, path)
    for _ in range(20):
        client(stack, path)
        stack.enter_context(old.accept()[0])
    old.close()
    path.unlink()

    listener(stack, path)

    assert listening(path)
