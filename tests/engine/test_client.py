"""The caller's side: an attempt is followed to its end, whatever happens to the engine."""

from __future__ import annotations

import json
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pushdeploy.engine.client import GoneError, converse
from pushdeploy.engine.connection import prepared, server_connection
from pushdeploy.errors import PushdeployError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

END = {"event": "attempt.ended", "outcome": "live", "exit_code": 0, "release": 1}


@dataclass
class Watching:
    """Remembers what it sees, and leaves when told."""

    leaves_at: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    holders: list[dict[str, Any]] = field(default_factory=list)

    def waiting(self, holder: Mapping[str, Any]) -> None:
        """Another attempt is under way."""
        self.holders.append(dict(holder))

    def idle(self) -> bool:
        """Say nothing."""
        return True

    def event(self, record: Mapping[str, Any]) -> bool:
        """One event."""
        self.seen.append(dict(record))
        return record.get("event") != self.leaves_at


class Engine:
    """The other end, played by a thread."""

    def __init__(self, play: Callable[[socket.socket], None]) -> None:
        self._play = play
        self.request: dict[str, Any] = {}
        self._thread: threading.Thread | None = None

    def connect(self) -> socket.socket:
        """A connection to it."""
        ours, theirs = socket.socketpair()

        def run() -> None:
            with theirs:
                data = b""
                while not data.endswith(b"\n"):
                    data += theirs.recv(1 << 16)
                self.request = json.loads(data)
                self._play(theirs)

        self._thread = threading.Thread(target=run)
        self._thread.start()
        return ours

    def join(self) -> None:
        """It has ended."""
        assert self._thread is not None
        self._thread.join(10)
        assert not self._thread.is_alive()


def says(connection: socket.socket, **message: object) -> None:
    """The engine says something."""
    connection.sendall(json.dumps(message).encode() + b"\n")


def line(**record: object) -> bytes:
    """A line of the log."""
    return json.dumps(record).encode() + b"\n"


def test_an_answer_comes_back() -> None:
    engine = Engine(lambda connection: says(connection, answer={"app": "blog"}))

    answer = converse(engine.connect, {"verb": "apps"})

    engine.join()
    assert answer == {"app": "blog"}
    assert engine.request == {"verb": "apps"}


def test_an_error_comes_back_with_its_exit_code_and_hint() -> None:
    engine = Engine(
        lambda connection: says(
            connection, error={"message": "no app", "hint": "pushdeploy apps", "exit_code": 4}
        )
    )

    with pytest.raises(PushdeployError) as caught:
        converse(engine.connect, {"verb": "ps"})

    engine.join()
    assert (caught.value.message, caught.value.hint) == ("no app", "pushdeploy apps")
    assert caught.value.exit_code == 4


def test_whoever_waits_is_told_for_whom() -> None:
    def play(connection: socket.socket) -> None:
        says(connection, waiting={"who": "bob", "what": "a deploy", "pid": 7, "at": 0})
        says(connection, answer={})

    engine, watching = Engine(play), Watching()

    converse(engine.connect, {"verb": "converge"}, watcher=watching)

    engine.join()
    assert watching.holders == [{"who": "bob", "what": "a deploy", "pid": 7, "at": 0}]


def test_an_attempt_is_followed_to_its_end_though_the_engine_works_on(tmp_path: Path) -> None:
    log, over = tmp_path / "1.jsonl", threading.Event()

    def play(connection: socket.socket) -> None:
        log.write_bytes(line(event="attempt.started"))
        says(connection, attempt=1, log=str(log))
        time.sleep(0.1)
        with log.open("ab") as file:
            file.write(line(**END))
        assert over.wait(10)

    engine, watching = Engine(play), Watching()

    answer = converse(engine.connect, {"verb": "converge"}, watcher=watching)
    over.set()

    engine.join()
    assert answer == END
    assert [one["event"] for one in watching.seen] == ["attempt.started", "attempt.ended"]


def test_whoever_stays_hears_the_engines_own_answer(tmp_path: Path) -> None:
    log = tmp_path / "1.jsonl"

    def play(connection: socket.socket) -> None:
        log.write_bytes(line(**END))
        says(connection, attempt=1, log=str(log))
        time.sleep(0.1)
        says(connection, answer={"outcome": "live", "exit_code": 0})

    engine = Engine(play)

    answer = converse(engine.connect, {"verb": "converge"}, stay=True)

    engine.join()
    assert answer == {"outcome": "live", "exit_code": 0}


def test_half_a_line_is_read_again_when_it_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "1.jsonl"
    written = line(event="build.output", line="größer " * 3000) + line(**END)

    def play(connection: socket.socket) -> None:
        log.write_bytes(b"")
        says(connection, attempt=1, log=str(log))
        with log.open("ab", buffering=0) as file:
            for start in range(0, len(written), 4097):
                file.write(written[start : start + 4097])
                time.sleep(0.03)

    engine, watching = Engine(play), Watching()

    converse(engine.connect, {"verb": "converge"}, watcher=watching)

    engine.join()
    assert watching.seen == [{"event": "build.output", "line": "größer " * 3000}, END]


def test_a_line_that_a_killed_writer_left_is_passed_over(tmp_path: Path) -> None:
    log = tmp_path / "1.jsonl"

    def play(connection: socket.socket) -> None:
        log.write_bytes(b'{"event": "attempt.sta\n' + b"[1]\n" + line(**END))
        says(connection, attempt=1, log=str(log))

    engine, watching = Engine(play), Watching()

    answer = converse(engine.connect, {"verb": "converge"}, watcher=watching)

    engine.join()
    assert answer == END
    assert watching.seen == [END]


def test_a_log_that_cannot_be_read_does_not_hide_the_answer(tmp_path: Path) -> None:
    def play(connection: socket.socket) -> None:
        says(connection, attempt=1, log=str(tmp_path / "nowhere"))
        says(connection, answer={"outcome": "live", "exit_code": 0})

    engine = Engine(play)

    answer = converse(engine.connect, {"verb": "converge"}, watcher=Watching())

    engine.join()
    assert answer == {"outcome": "live", "exit_code": 0}


def test_a_watcher_who_leaves_is_let_go_and_the_engine_works_on(tmp_path: Path) -> None:
    log, over, worked_on = tmp_path / "1.jsonl", threading.Event(), []

    def play(connection: socket.socket) -> None:
        log.write_bytes(line(event="attempt.started") + line(event="build.started"))
        says(connection, attempt=1, log=str(log))
        assert over.wait(10)
        worked_on.append(True)

    engine = Engine(play)
    with pytest.raises(GoneError):
        converse(engine.connect, {"verb": "converge"}, watcher=Watching(leaves_at="build.started"))
    over.set()

    engine.join()
    assert worked_on == [True]


def test_an_engine_that_dies_is_unavailable() -> None:
    engine = Engine(lambda _: None)

    with pytest.raises(UnavailableError, match="ended without an answer") as caught:
        converse(engine.connect, {"verb": "converge"})

    engine.join()
    assert caught.value.exit_code == 69


def test_an_engine_that_dies_with_unread_words_is_unavailable() -> None:
    def connect() -> socket.socket:
        ours, theirs = socket.socketpair()

        def run() -> None:
            time.sleep(0.2)
            theirs.close()  # the request is in its buffer: the kernel says ECONNRESET

        threading.Thread(target=run).start()
        return ours

    with pytest.raises(UnavailableError, match="ended without an answer"):
        converse(connect, {"verb": "converge"})


def test_an_engine_that_dies_after_the_end_of_the_attempt_has_answered(tmp_path: Path) -> None:
    log = tmp_path / "1.jsonl"

    def play(connection: socket.socket) -> None:
        log.write_bytes(line(**END))
        says(connection, attempt=1, log=str(log))

    engine = Engine(play)

    answer = converse(engine.connect, {"verb": "converge"}, stay=True)

    engine.join()
    assert answer == END


def test_nobody_at_the_socket_is_said_with_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as caught:
        converse(server_connection(tmp_path / "engine.sock"), {"verb": "apps"})

    assert caught.value.hint == "systemctl status pushdeploy.engine.socket"


def test_a_connection_that_is_got_ready_announces_a_deploy() -> None:
    ours, theirs = socket.socketpair()

    with prepared(lambda: ours), theirs:
        assert theirs.recv(100) == b'{"verb":"prepare"}\n'
