"""The caller's side of the engine: one request, its answers. Standard library only."""

from __future__ import annotations

import json
import select
import socket
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeVar

from pushdeploy.errors import (
    LostEngineError,
    PushdeployError,
    UnavailableError,
)
from pushdeploy.model.wire import encode, read, read_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pushdeploy.engine.connection import Connect
    from pushdeploy.engine.registry import Request, Verb

Answer = TypeVar("Answer")

LOOK_SECONDS = 0.02
"""How often the log is looked at for more while the engine works."""

IDLE_SECONDS = 1.0
"""How often a watcher may say that it still waits, while there is no log yet."""


class Watcher(Protocol):
    """Sees an attempt as it goes."""

    def waiting(self, holder: Mapping[str, Any]) -> None:
        """Another attempt is under way."""

    def event(self, record: Mapping[str, Any]) -> bool:
        """One event of the attempt's log; False: leave, nobody reads any more."""

    def idle(self) -> bool:
        """Nothing has come since the last look; False: leave."""


class Silent:
    """A watcher that only wants the answer."""

    def waiting(self, holder: Mapping[str, Any]) -> None:
        """Say nothing."""

    def event(self, record: Mapping[str, Any]) -> bool:
        """Say nothing."""
        return True

    def idle(self) -> bool:
        """Say nothing."""
        return True


class GoneError(PushdeployError):
    """The watcher left; the engine goes on."""


def ask(
    connect: Connect,
    request: Request[Answer],
    *,
    who: str = "",
    watcher: Watcher | None = None,
    descriptors: Sequence[int] = (),
    stay: bool = False,
) -> Answer:
    """Have a verb carried out; its answer is of the class that the verb says.

    `who` asks, as far as the engine believes it (`asked.py`).

    Raises:
        PushdeployError: see `converse`.
        UnavailableError: the engine answers something else, as that of another version would.
        GoneError: the watcher left.
    """
    said = converse(
        connect,
        {"verb": request.verb.name, "who": who, **request.told},
        watcher=watcher,
        descriptors=descriptors,
        stay=stay,
    )
    return read_answer(request.verb, said)


def read_answer(verb: Verb[..., Answer], said: Any) -> Answer:
    """What an engine said, as the class that the verb says.

    Raises:
        UnavailableError: it is something else.
    """
    try:
        return read(verb.answer, said)
    except ValueError as error:
        raise UnavailableError(
            f"the engine answers `{verb.name}` in words of another version: {error}",
            hint="pushdeploy version",
        ) from error


def converse(
    connect: Connect,
    request: Mapping[str, Any],
    *,
    watcher: Watcher | None = None,
    descriptors: Sequence[int] = (),
    stay: bool = False,
) -> Any:
    """Send a request and return its answer as it comes; events of an attempt go to the watcher.

    The answer to an attempt is known when its log says so; the engine then goes on cleaning up,
    which nobody needs to wait for, unless `stay` is set.

    Raises:
        PushdeployError: the engine refused or failed.
        UnavailableError: it is not there.
        LostEngineError: it ended without an answer.
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
            raise LostEngineError(f"the engine hung up: {error.strerror}") from error
        return _conversation(connection, watcher, stay=stay)


def _conversation(connection: socket.socket, watcher: Watcher, *, stay: bool) -> Any:
    with closing(_Log()) as log:
        for message in _messages(connection, log, watcher):
            if message is None:
                if log.ended is not None and not stay:
                    return log.ended
            elif "waiting" in message:
                watcher.waiting(message["waiting"])
            elif "attempt" in message:
                log.open(Path(message["log"]))
            elif "event" in message:
                watcher.event(message["event"])
            else:
                log.show(watcher)
                return _answer(message, log.ended)
        if log.ended is not None:
            return log.ended
    raise LostEngineError(
        "the engine ended without an answer",
        hint="pushdeploy ps, then try again",
    )


def _messages(
    connection: socket.socket, log: _Log, watcher: Watcher
) -> Iterator[Mapping[str, Any] | None]:
    """What the engine says, and `None` each time that the log was looked at, till it hangs up."""
    buffer = b""
    while True:
        pause = LOOK_SECONDS if log.is_open else IDLE_SECONDS
        ready, _, _ = select.select([connection], [], [], pause)
        part = _receive(connection) if ready else None
        log.show(watcher)
        if part is None and not watcher.idle():
            raise GoneError("whoever watched has left")
        yield None
        if part == b"":
            return
        if part is not None:
            *lines, buffer = (buffer + part).split(b"\n")
            yield from map(json.loads, lines)


def _receive(connection: socket.socket) -> bytes:
    """Bytes, or none at the end; an engine that dies with our request unread resets (unix(7))."""
    try:
        return connection.recv(1 << 16)
    except ConnectionError:
        return b""


def _answer(message: Mapping[str, Any], ended: Mapping[str, Any] | None) -> Any:
    if "error" in message:
        raise read_error(message["error"])
    return message.get("answer", ended)


class _Log:
    """The growing file of one attempt's events, once there is one that we may read."""

    def __init__(self) -> None:
        self._file: BinaryIO | None = None
        self._rest = b""
        self.ended: Mapping[str, Any] | None = None
        """The event that ends the attempt, once it is there."""

    @property
    def is_open(self) -> bool:
        """True when there is a log to look at."""
        return self._file is not None

    def open(self, path: Path) -> None:
        """Follow this file from now on."""
        self.close()
        with suppress(OSError):
            self._file = path.open("rb")

    def close(self) -> None:
        """Follow none."""
        if self._file is not None:
            self._file.close()
        self._file, self._rest, self.ended = None, b"", None

    def show(self, watcher: Watcher) -> None:
        """Hand over what is new.

        Raises:
            GoneError: the watcher left.
        """
        if self._file is None:
            return
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for record in filter(None, map(_record, lines)):
            if not watcher.event(record):
                raise GoneError("whoever watched has left")
            if record.get("event") == "attempt.ended":
                self.ended = record


def _record(line: bytes) -> Mapping[str, Any] | None:
    """The event of a line; `None` for one that a killed engine did not finish."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
