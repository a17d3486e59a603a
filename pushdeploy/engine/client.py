"""The caller's side of the engine: one request, its answers. Standard library only."""

from __future__ import annotations

import json
import os
import select
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from pushdeploy.engine.protocol import encode, read_error
from pushdeploy.errors import NotAllowedError, UnavailableError
from pushdeploy.system.command import Command, start

LOOK_SECONDS = 0.02
"""How often the log is looked at for more while the engine works."""


class Watcher(Protocol):
    """Sees an attempt as it goes."""

    def waiting(self, holder: Mapping[str, Any]) -> None:
        """Another attempt is under way."""

    def event(self, record: Mapping[str, Any]) -> bool:
        """One event of the attempt's log; False: leave, nobody reads any more."""


class Silent:
    """A watcher that only wants the answer."""

    def waiting(self, holder: Mapping[str, Any]) -> None:
        """Say nothing."""

    def event(self, record: Mapping[str, Any]) -> bool:
        """Say nothing."""
        return True


class GoneError(Exception):
    """The watcher left; the engine goes on."""


Connect = Callable[[], socket.socket]


def server_connection(path: Path) -> Connect:
    """Connect to the engine that systemd starts."""

    def connect() -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
        except PermissionError as error:
            raise NotAllowedError(
                "only root and members of the group `pushdeploy` may ask the engine",
                hint="sudo pushdeploy …, or once: sudo usermod -aG pushdeploy $USER",
            ) from error
        except OSError as error:
            raise UnavailableError(
                f"the engine does not answer at `{path}`: {error.strerror}",
                hint="systemctl status pushdeploy.engine.socket",
            ) from error
        return connection

    return connect


def embedded_connection(root: Path) -> Connect:
    """Start an engine of our own: a detached child, which goes on when we are killed."""

    def connect() -> socket.socket:
        ours, theirs = socket.socketpair()
        log = root / "log"
        log.mkdir(parents=True, exist_ok=True)
        line = Command(
            [sys.executable, "-I", "-m", "pushdeploy.cli.engine"],
            environment={**os.environ, "PUSHDEPLOY_HOME": str(root)},
            folder=Path("/"),
        )
        with theirs, (log / "engine.log").open("ab") as errors:
            output = errors.fileno()
            start(line, stdin=theirs.fileno(), stdout=output, stderr=output, new_session=True)
        return ours

    return connect


def prepared(connect: Connect) -> socket.socket:
    """A connection to an engine that gets ready for a request which may come later, or never.

    Raises:
        UnavailableError: there is no engine.
    """
    connection = connect()
    connection.sendall(encode({"verb": "prepare"}))
    return connection


def ask(
    connect: Connect,
    request: Mapping[str, Any],
    *,
    watcher: Watcher | None = None,
    descriptors: Sequence[int] = (),
    stay: bool = False,
) -> Any:
    """Send a request and return its answer; events of an attempt go to the watcher.

    The answer to an attempt is known when its log says so; the engine then goes on cleaning up,
    which nobody needs to wait for, unless `stay` is set.

    Raises:
        PushdeployError: the engine refused or failed.
        UnavailableError: it is not there, or ended without an answer.
        GoneError: the watcher left.
    """
    watcher = watcher or Silent()
    with connect() as connection:
        try:
            data = encode(request)
            if descriptors:
                sent = socket.send_fds(connection, [data], list(descriptors))
                data = data[sent:]
            connection.sendall(data)
        except OSError as error:
            raise UnavailableError(
                f"the engine hung up: {error.strerror}",
                hint="journalctl -u 'pushdeploy.engine@*'",
            ) from error
        return _conversation(connection, watcher, stay=stay)


def _conversation(connection: socket.socket, watcher: Watcher, *, stay: bool) -> Any:
    buffer = b""
    log: _Log | None = None
    while True:
        ready, _, _ = select.select([connection], [], [], LOOK_SECONDS if log else None)
        ended = log.show(watcher) if log else None
        if ended is not None and not stay:
            return ended
        if not ready:
            continue
        part = connection.recv(1 << 16)
        if not part:
            raise UnavailableError(
                "the engine ended without an answer; what was live is live",
                hint="push again; journalctl -u 'pushdeploy.engine@*'",
            )
        *lines, buffer = (buffer + part).split(b"\n")
        for message in map(json.loads, lines):
            if "waiting" in message:
                watcher.waiting(message["waiting"])
            elif "attempt" in message:
                log = _Log(Path(message["log"]))
            else:
                ended = log.show(watcher) if log else None
                return _answer(message, ended)


def _answer(message: Mapping[str, Any], ended: Mapping[str, Any] | None) -> Any:
    if "error" in message:
        raise read_error(message["error"])
    return message.get("answer", ended)


class _Log:
    """The growing file of one attempt's events."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._rest = b""

    def show(self, watcher: Watcher) -> Mapping[str, Any] | None:
        """Hand over what is new; returns the event that ends the attempt, once it is there."""
        ended = None
        self._rest += self._file.read()
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            record = json.loads(line)
            if not watcher.event(record):
                raise GoneError
            if record.get("event") == "attempt.ended":
                ended = record
        return ended
