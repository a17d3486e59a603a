"""What the file in each venv changes in a server, without the server."""

import importlib.util
import socket
import sys
import threading
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest

from pushdeploy.build.venv import SOCKET

UPLOAD = b"x" * (1 << 20)
ANSWER = b"HTTP/1.0 405 Method Not Allowed\r\n\r\n"


@pytest.fixture
def ours() -> Iterator[ModuleType]:
    """The file, imported as a venv's Python does, and forgotten again."""
    found = importlib.util.spec_from_file_location("pushdeploy_socket", SOCKET)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    before = list(sys.meta_path)
    found.loader.exec_module(module)
    yield module
    sys.meta_path[:] = before


@pytest.mark.parametrize("name", ["close", "close_graceful"])
def test_an_answer_arrives_although_the_upload_was_not_read(ours: ModuleType, name: str) -> None:
    util = SimpleNamespace(close=socket.socket.close, close_graceful=socket.socket.close)
    ours.gunicorn_util(util)
    server, nginx = socket.socketpair()

    def answer() -> None:
        server.recv(100)
        server.sendall(ANSWER)
        getattr(util, name)(server)

    answering = threading.Thread(target=answer)
    answering.start()
    with nginx:
        nginx.sendall(UPLOAD)
        got = nginx.recv(100)
    answering.join()

    assert got == ANSWER
    assert server.fileno() == -1


def test_a_connection_with_nothing_unread_is_closed_at_once(ours: ModuleType) -> None:
    util = SimpleNamespace(close=socket.socket.close)
    ours.gunicorn_util(util)
    server, nginx = socket.socketpair()

    with nginx:
        util.close(server)

        assert nginx.recv(100) == b""
        assert server.fileno() == -1


def test_settings_of_another_server_have_no_effect(ours: ModuleType) -> None:
    class Setting:
        value: object = "untouched"

        def set(self, value: object) -> None:
            self.value = value

    names = ("ReusePort", "Daemon", "User", "Group", "Pidfile", "Chdir")
    config = SimpleNamespace(
        Setting=Setting, **{name: type(name, (Setting,), {}) for name in names}
    )
    ours.PASSED = "/run/web.sock"

    ours.gunicorn_config(config)
    made = {name: getattr(config, name)() for name in names}
    for one in made.values():
        one.set("nobody")

    assert made["Daemon"].value is False
    assert made["ReusePort"].value is False
    assert made["Pidfile"].value is None
    assert isinstance(made["User"].value, int)
    assert isinstance(made["Group"].value, int)
    assert made["Chdir"].value == "nobody"
