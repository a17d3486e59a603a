"""The relay: a real one, as supervisord starts it, with a listening socket as its stdin."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

Serve = Callable[[socket.socket], None]

SECONDS = 20.0
HELD = 1000
NOBODY = 65_534


def listen(path: Path, backlog: int = 128) -> socket.socket:
    """A unix socket that listens, under a short name."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(backlog)
    return listener


@contextlib.contextmanager
def server(path: Path, serve: Serve) -> Iterator[None]:
    """Something at a unix socket that serves each connection in a thread."""
    listener = listen(path)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@contextlib.contextmanager
def relay(folder: Path, target: str) -> Iterator[int]:
    """A relay to a target; gives its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        child = subprocess.Popen(
            [sys.executable, "-I", "-m", "pushdeploy.system.relay", str(folder), target],
            stdin=listener.fileno(),
        )
        try:
            yield listener.getsockname()[1]
        finally:
            child.kill()
            child.wait()


def heard_by(listener: socket.socket) -> bytes:
    """What the first who connects says to it."""
    far, _ = listener.accept()
    with far:
        far.settimeout(SECONDS)
        return far.recv(100)


def answer_to(client: socket.socket) -> bytes:
    """What it hears; nothing when it is hung up on, with what it said unread."""
    try:
        return client.recv(100)
    except ConnectionResetError:
        return b""


def call(port: int) -> socket.socket:
    """A client's connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)


def echo(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        while data := connection.recv(1 << 16):
            connection.sendall(data)


def say(text: bytes) -> Serve:
    """Serves one word."""

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.sendall(text)

    return serve


def read_all(connection: socket.socket) -> bytes:
    """Until the far side has no more to say."""
    parts = []
    while data := connection.recv(1 << 16):
        parts.append(data)
    return b"".join(parts)


def test_bytes_go_both_ways(tmp_path: Path) -> None:
    with server(tmp_path / "s", echo), relay(tmp_path, "s") as port, call(port) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"

        client.sendall(b"again")
        assert client.recv(100) == b"again"


def test_a_client_that_has_said_all_still_gets_its_answer(tmp_path: Path) -> None:
    def answer_at_the_end(connection: socket.socket) -> None:
        with connection:
            connection.sendall(b"%d bytes" % len(read_all(connection)))

    with (
        server(tmp_path / "s", answer_at_the_end),
        relay(tmp_path, "s") as port,
        call(port) as client,
    ):
        client.sendall(b"x" * 300_000)
        client.shutdown(socket.SHUT_WR)

        assert read_all(client) == b"300000 bytes"


def test_a_server_that_has_said_all_still_hears_its_client(tmp_path: Path) -> None:
    heard: list[bytes] = []
    done = threading.Event()

    def speak_first(connection: socket.socket) -> None:
        with connection:
            connection.sendall(b"goodbye")
            connection.shutdown(socket.SHUT_WR)
            heard.append(read_all(connection))
        done.set()

    with server(tmp_path / "s", speak_first), relay(tmp_path, "s") as port, call(port) as client:
        assert read_all(client) == b"goodbye"
        client.sendall(b"one more thing")
        client.shutdown(socket.SHUT_WR)

        assert done.wait(SECONDS)
    assert heard == [b"one more thing"]


def test_a_slow_reader_gets_every_byte(tmp_path: Path) -> None:
    sent = os.urandom(8 << 20)

    with server(tmp_path / "s", say(sent)), relay(tmp_path, "s") as port, call(port) as client:
        threading.Event().wait(0.5)

        assert read_all(client) == sent


def test_a_link_counts_as_it_is_when_the_client_connects(tmp_path: Path) -> None:
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
    (tmp_path / "current").symlink_to("v1")
    with (
        server(tmp_path / "v1" / "s", say(b"v1")),
        server(tmp_path / "v2" / "s", say(b"v2")),
        relay(tmp_path, "current/s") as port,
    ):
        with call(port) as client:
            assert read_all(client) == b"v1"
        (tmp_path / "next").symlink_to("v2")
        (tmp_path / "next").replace(tmp_path / "current")

        with call(port) as client:
            assert read_all(client) == b"v2"


def test_the_target_may_be_a_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = str(listener.getsockname()[1])
        with relay(tmp_path, target) as port, call(port) as client:
            far, _ = listener.accept()
            with far:
                client.sendall(b"hello")

                assert far.recv(100) == b"hello"


def test_without_a_target_the_client_is_hung_up_on(tmp_path: Path) -> None:
    with relay(tmp_path, "nothing") as port, call(port) as client:
        assert client.recv(100) == b""


def test_who_comes_before_the_port_is_listened_on_waits_for_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        target = taken.getsockname()[1]
    with relay(tmp_path, str(target)) as port, call(port) as client:
        client.sendall(b"hello")
        threading.Event().wait(0.3)

        with socket.create_server(("127.0.0.1", target)) as listener:
            far, _ = listener.accept()
            with far:
                assert far.recv(100) == b"hello"


def test_a_port_that_other_machines_reach_gets_nothing(tmp_path: Path) -> None:
    with socket.create_server(("", 0)) as listener:
        with relay(tmp_path, str(listener.getsockname()[1])) as port, call(port) as client:
            client.sendall(b"secret")

            assert answer_to(client) == b""
        assert heard_by(listener) == b""


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_another_users_port_gets_nothing(tmp_path: Path) -> None:
    os.seteuid(NOBODY)  # the kernel notes who made the socket
    try:
        listener = socket.create_server(("127.0.0.1", 0))
    finally:
        os.seteuid(0)
    with listener:
        target = str(listener.getsockname()[1])
        with relay(tmp_path, target) as port, call(port) as client:
            client.sendall(b"secret")

            assert answer_to(client) == b""
        assert heard_by(listener) == b""


def test_a_full_queue_makes_clients_wait_and_loses_none(tmp_path: Path) -> None:
    listener = listen(tmp_path / "s", backlog=1)
    with listener, relay(tmp_path, "s") as port:
        clients = [call(port) for _ in range(20)]
        threading.Event().wait(0.5)

        for _ in clients:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"served")

        assert [read_all(client) for client in clients] == [b"served"] * 20
        for client in clients:
            client.close()


def test_a_thousand_held_connections_are_all_served(tmp_path: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < 4 * HELD:
        pytest.skip(f"this user may open {most} files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with server(tmp_path / "s", echo), relay(tmp_path, "s") as port:
        clients = [call(port) for _ in range(HELD)]
        for number, client in enumerate(clients):
            client.sendall(b"%d" % number)

        assert [client.recv(100) for client in clients] == [b"%d" % n for n in range(HELD)]
        for client in clients:
            client.close()


def test_it_imports_little() -> None:
    """It is started with every app: what it needs is the standard library's asyncio."""
    probe = "import sys, pushdeploy.system.relay; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-I", "-c", probe], check=True, capture_output=True, text=True
    )

    ours = {name for name in said.stdout.split() if name.startswith("pushdeploy")}
    floor = {"pushdeploy", "pushdeploy.system"}
    assert ours == floor | {"pushdeploy.system.relay", "pushdeploy.system.tcp_owner"}
