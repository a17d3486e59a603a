"""The engine is called before the commands are imported, and gets the question that it expects."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pushdeploy.cli import early, engine_link, group
from pushdeploy.cli.early import VERBS, Called, call_for, call_for_push
from pushdeploy.cli.engine_link import HOME_VARIABLE
from pushdeploy.cli.group import COMMANDS
from pushdeploy.cli.shell import OWN_NAME, WHO_VARIABLE
from pushdeploy.cli.side import OwnEngine
from pushdeploy.engine.table import PLACES
from pushdeploy.errors import PushdeployError
from pushdeploy.model.layout import SERVER


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket that is called in place of the server's engine."""
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(tmp_path / "engine.sock"))
        listening.listen()
        listening.settimeout(0)
        yield listening


def heard(engine: socket.socket) -> str:
    """What the engine was told by whoever called it."""
    connection, _ = engine.accept()
    with connection:
        return connection.recv(1000).decode()


def test_what_is_said_twice_is_the_same() -> None:
    assert early.HOME_VARIABLE == HOME_VARIABLE
    assert str(SERVER.engine_socket) == early.ENGINE_SOCKET
    assert engine_link.WHO_VARIABLE == WHO_VARIABLE
    assert group.PROGRAM == OWN_NAME
    assert set(VERBS) <= set(COMMANDS)
    assert set(VERBS.values()) <= set(PLACES)


def test_a_command_is_announced_by_its_verb(engine: socket.socket) -> None:
    called = call_for(["ps:scale", "web=2"], engine.getsockname())

    assert called is not None
    assert called.verb == "scale"
    assert json.loads(heard(engine)) == {"verb": "prepare", "for": "scale"}
    called.connection.close()


def test_a_push_is_announced_without_one(engine: socket.socket) -> None:
    connection = call_for_push(engine.getsockname())

    assert connection is not None
    assert json.loads(heard(engine)) == {"verb": "prepare"}
    connection.close()


@pytest.mark.parametrize(
    "words", [[], ["--help"], ["rollback", "--help"], ["apps:destroy"], ["no-such-command"]]
)
def test_nobody_is_called_for_nothing(engine: socket.socket, words: list[str]) -> None:
    assert call_for(words, engine.getsockname()) is None
    with pytest.raises(BlockingIOError):
        engine.accept()


def test_where_there_is_no_engine_the_command_finds_out_by_itself(tmp_path: Path) -> None:
    assert call_for(["ps"], str(tmp_path / "none.sock")) is None


def test_a_called_engine_gets_the_question_that_it_expects() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b'{"answer": ["v1"]}\n')
    theirs.shutdown(socket.SHUT_WR)

    answer = OwnEngine(Called("releases", ours))({"verb": "releases", "app": "blog"})

    assert answer == ["v1"]
    assert json.loads(theirs.recv(1000))["app"] == "blog"
    theirs.close()


def test_another_question_goes_to_another_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    monkeypatch.delenv(HOME_VARIABLE, raising=False)

    with pytest.raises(PushdeployError):  # this machine has none
        OwnEngine(Called("releases", ours))({"verb": "apps"})

    with pytest.raises(BlockingIOError):
        theirs.recv(1000)
    ours.close()
    theirs.close()
