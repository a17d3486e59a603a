"""Who answers nothing, asked over real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from pushdeploy.system.liveness import Question, silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 0.5
MANY = 100
Server = Callable[[socket.socket, int], None]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[str, Server], Question]]:
    """Makes a server that treats each connection so, given its number; a question to it."""
    with ExitStack() as stack:

        def make(name: str, treat: Server) -> Question:
            path = tmp_path / name
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(path))
            listener.listen()
            kept: list[socket.socket] = []

            def serve() -> None:
                while True:
                    try:
                        connection, _ = listener.accept()
                    except OSError:
                        break
                    kept.append(connection)
                    treat(connection, len(kept))
                for one in kept:
                    one.close()

            server = threading.Thread(target=serve)
            server.start()
            stack.callback(server.join)
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            return question(path)

        yield make


def question(path: Path) -> Question:
    return Question(path, "/healthz", "blog.example", (("X-Probe", "7"),), SECONDS)


def answering(text: bytes) -> Server:
    def treat(connection: socket.socket, _: int) -> None:
        connection.recv(1 << 16)
        connection.sendall(text)

    return treat


def mute(_: socket.socket, __: int) -> None:
    """Accept, and say nothing."""


@pytest.mark.parametrize("text", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 500 Broken\r\n\r\n", b"x"])
def test_any_byte_is_an_answer(served: Callable[[str, Server], Question], text: bytes) -> None:
    assert silent([served("web.sock", answering(text))]) == []


def test_nothing_is_no_answer(served: Callable[[str, Server], Question]) -> None:
    one = served("web.sock", mute)

    assert silent([one]) == [one]


def test_a_connection_that_is_closed_without_a_byte_is_no_answer(
    served: Callable[[str, Server], Question],
) -> None:
    one = served("web.sock", lambda connection, _: connection.close())

    assert silent([one]) == [one]


def test_no_socket_and_one_that_nobody_listens_on_are_silent(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left.sock"))
    there, gone = question(tmp_path / "left.sock"), question(tmp_path / "none.sock")

    assert silent([there, gone]) == [there, gone]


def test_a_queue_that_is_full_is_silent(tmp_path: Path) -> None:
    one = question(tmp_path / "web.sock")
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(one.socket))
        listener.listen(0)
        waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
        waiting.connect(str(one.socket))

        assert silent([one]) == [one]


def test_the_second_request_is_heard(served: Callable[[str, Server], Question]) -> None:
    def treat(connection: socket.socket, number: int) -> None:
        if number == 2:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    assert silent([served("web.sock", treat)]) == []


def test_the_first_request_is_heard_while_the_second_waits(
    served: Callable[[str, Server], Question],
) -> None:
    first: list[socket.socket] = []

    def treat(connection: socket.socket, number: int) -> None:
        first.append(connection)
        if number == 2:
            first[0].sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    assert silent([served("web.sock", treat)]) == []


def test_what_is_asked_is_the_health_check(served: Callable[[str, Server], Question]) -> None:
    heard: list[bytes] = []

    def treat(connection: socket.socket, _: int) -> None:
        heard.append(connection.recv(1 << 16))
        connection.sendall(b"x")

    silent([served("web.sock", treat)])

    assert heard == [
        b"GET /healthz HTTP/1.1\r\nHost: blog.example\r\nX-Probe: 7\r\nConnection: close\r\n\r\n"
    ]


def test_many_are_asked_side_by_side(served: Callable[[str, Server], Question]) -> None:
    """Each answers when all have been asked: one after the other, the first would be given up."""
    asked: list[socket.socket] = []

    def treat(connection: socket.socket, _: int) -> None:
        asked.append(connection)
        if len(asked) == MANY:
            for one in asked:
                one.sendall(b"x")

    assert silent([served(f"{number}.sock", treat) for number in range(MANY)]) == []


def test_one_that_is_silent_does_not_hide_others(
    served: Callable[[str, Server], Question],
) -> None:
    first, second = served("a.sock", mute), served("b.sock", mute)

    assert silent([first, served("good.sock", answering(b"x")), second]) == [first, second]
