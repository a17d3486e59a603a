"""One GET, patient while the far side boots, and never longer than it was told."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pushdeploy.system.http import GaveUpError, NoAnswerError, get

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
PATIENCE = 10.0


@contextlib.contextmanager
def served(path: Path, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    """A server of one connection at a path."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(PATIENCE)

        def run() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                serve(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield
        thread.join(PATIENCE)
        assert not thread.is_alive()


def answering(*parts: bytes, pause: float = 0.0) -> Callable[[socket.socket], None]:
    """Read the request, then send the parts."""

    def serve(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        for part in parts:
            time.sleep(pause)
            connection.sendall(part)

    return serve


@pytest.fixture
def path(short_folder: Path) -> Path:
    """Where the server listens."""
    return short_folder / "web.sock"


def test_an_answer_comes_back_whole(path: Path) -> None:
    with served(path, answering(OK)):
        answer = get(path, "/", host="blog.example", seconds=5)

    assert (answer.status, answer.reason, answer.body) == (200, "OK", "hello")


def test_the_request_bears_the_host_and_the_headers(path: Path) -> None:
    seen = []

    def serve(connection: socket.socket) -> None:
        seen.append(connection.recv(1 << 16))
        connection.sendall(OK)

    with served(path, serve):
        get(
            path, "/x?y=1", host="blog.example", headers=[("X-Forwarded-Proto", "https")], seconds=5
        )

    lines = seen[0].decode().split("\r\n")
    assert lines[0] == "GET /x?y=1 HTTP/1.1"
    assert "Host: blog.example" in lines
    assert "X-Forwarded-Proto: https" in lines
    assert "Connection: close" in lines


def test_a_port_can_be_asked_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                answering(OK)(connection)

        thread = threading.Thread(target=run)
        thread.start()
        answer = get(listener.getsockname()[1], "/", host="localhost", seconds=5)
        thread.join()

    assert answer.status == 200


def test_a_request_waits_for_an_app_that_listens_and_does_not_serve_yet(path: Path) -> None:
    def late(connection: socket.socket) -> None:
        time.sleep(0.4)
        answering(OK)(connection)

    with served(path, late):
        answer = get(path, "/", host="localhost", seconds=5)

    assert answer.status == 200


def test_nobody_there_is_said_at_once(path: Path) -> None:
    with pytest.raises(NoAnswerError, match="No such file"):
        get(path, "/", host="localhost", seconds=5)

    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
        with pytest.raises(NoAnswerError, match="refused"):
            get(path, "/", host="localhost", seconds=5)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"", "closed without an answer"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not an HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", "in the middle"),
        (b"HTTP/1.1 " + b"x" * 70_000, "not an HTTP answer"),
        (b"\x00\xff\xfe" * 10, "not an HTTP answer"),
    ],
)
def test_what_is_no_answer_is_no_answer(sent: bytes, says: str, path: Path) -> None:
    with served(path, answering(sent)), pytest.raises(NoAnswerError, match=says):
        get(path, "/", host="localhost", seconds=5)


def test_silence_ends_with_the_time(path: Path) -> None:
    release = threading.Event()
    with served(path, lambda _: release.wait(PATIENCE) and None):
        with pytest.raises(NoAnswerError, match="no answer within 0 s"):
            get(path, "/", host="localhost", seconds=0.3)
        release.set()


def test_an_answer_that_drips_ends_with_the_time_too(path: Path) -> None:
    drops = [bytes([byte]) for byte in OK] * 100
    asked = 0

    def go_on() -> bool:
        nonlocal asked
        asked += 1
        return True

    with served(path, answering(*drops, pause=0.05)), pytest.raises(NoAnswerError, match="within"):
        get(path, "/", host="localhost", seconds=0.5, go_on=go_on)


def test_a_body_that_never_ends_is_read_to_the_limit(path: Path) -> None:
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000

    with served(path, answering(endless)):
        answer = get(path, "/", host="localhost", seconds=5)

    assert len(answer.body) == 64 << 10


def test_a_caller_who_gives_up_is_let_go(path: Path) -> None:
    release = threading.Event()
    with served(path, lambda _: release.wait(PATIENCE) and None):
        with pytest.raises(GaveUpError):
            get(path, "/", host="localhost", seconds=60, go_on=lambda: False)
        release.set()


def test_a_caller_may_give_up_in_the_middle_of_an_answer(path: Path) -> None:
    release = threading.Event()

    def half(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        connection.sendall(OK[:-2])
        release.wait(PATIENCE)

    with served(path, half):
        with pytest.raises(GaveUpError):
            get(path, "/", host="localhost", seconds=60, go_on=lambda: False)
        release.set()


def test_a_path_that_is_no_path_is_no_answer(path: Path) -> None:
    with pytest.raises(NoAnswerError):
        get(path, "/a b", host="localhost", seconds=5)
