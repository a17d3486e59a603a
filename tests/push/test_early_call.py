"""For a push the engine is called before anything else is imported."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pushdeploy.cli import engine_link
from pushdeploy.cli.engine_link import HOME_VARIABLE
from pushdeploy.model.layout import SERVER
from pushdeploy.programs.engine import CALLERS
from pushdeploy.programs.ssh_command import SESSIONS, WHO_VARIABLE
from pushdeploy.push import early_call
from pushdeploy.push.early_call import call_for_push


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket that is called in place of the server's engine."""
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(tmp_path / "engine.sock"))
        listening.listen()
        listening.settimeout(0)
        yield listening


def test_what_is_said_twice_is_the_same() -> None:
    assert early_call.HOME_VARIABLE == HOME_VARIABLE
    assert str(SERVER.engine_socket) == early_call.ENGINE_SOCKET
    assert str(SERVER.root_socket) == early_call.ROOT_SOCKET
    assert engine_link.WHO_VARIABLE == WHO_VARIABLE
    assert str(SERVER.sessions) == SESSIONS
    assert str(SERVER.callers) == CALLERS


def test_a_push_is_announced(engine: socket.socket) -> None:
    connection = call_for_push(engine.getsockname())

    assert connection is not None
    connection.close()
    heard, _ = engine.accept()
    with heard:
        assert json.loads(heard.recv(1000)) == {"verb": "prepare"}


def test_embedded_mode_has_no_engine_to_call(
    engine: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, "/somewhere")

    assert call_for_push(engine.getsockname()) is None
    with pytest.raises(BlockingIOError):
        engine.accept()


def test_where_there_is_no_engine_the_push_finds_out_by_itself(tmp_path: Path) -> None:
    assert call_for_push(str(tmp_path / "none.sock")) is None
