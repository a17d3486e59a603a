"""Whether anything at all answers on unix sockets: many are asked side by side, each twice."""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pushdeploy.system.http import request_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

TIMES = 2
"""How often one is asked. The first request goes on waiting beside the second."""


@dataclass(frozen=True, slots=True)
class Question:
    """A GET, and how many seconds it waits before the next one, or before silence is an answer."""

    socket: Path
    path: str
    host: str
    headers: tuple[tuple[str, str], ...]
    seconds: float

    @property
    def text(self) -> bytes:
        """The request."""
        return request_text(self.path, self.host, self.headers)


@dataclass(slots=True, eq=False)
class _Asked:
    """One that has not answered yet."""

    question: Question
    due: float
    """When it is asked again, or given up."""
    times: int = 0
    connections: list[socket.socket] = field(default_factory=list)


def silent(questions: Iterable[Question]) -> list[Question]:
    """Those that got no byte back; all have their time at once, so a slow one holds up no other.

    An error status is an answer. A connection that is refused, or closed without a byte, is none.
    """
    now = time.monotonic()
    waiting = [_Asked(one, due=now) for one in questions]
    given_up: list[Question] = []
    with selectors.DefaultSelector() as selector:
        while waiting:
            for one in [one for one in waiting if one.due <= time.monotonic()]:
                if one.times < TIMES:
                    _ask(selector, one)
                else:
                    waiting.remove(one)
                    given_up.append(one.question)
                    _close(selector, one)
            for one in _answered(selector, waiting):
                waiting.remove(one)
                _close(selector, one)
    return given_up


def _ask(selector: selectors.BaseSelector, one: _Asked) -> None:
    """Connect and send; a unix socket does either at once, or never."""
    one.times += 1
    one.due = time.monotonic() + one.question.seconds
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        connection.connect(str(one.question.socket))
        connection.send(one.question.text)
    except OSError:  # nobody listens, or so many wait already that no more may
        connection.close()
        return
    one.connections.append(connection)
    selector.register(connection, selectors.EVENT_READ, one)


def _answered(selector: selectors.BaseSelector, waiting: Sequence[_Asked]) -> list[_Asked]:
    """Wait for bytes until the next is due; those that got some."""
    if not waiting:
        return []
    left = max(0.0, min(one.due for one in waiting) - time.monotonic())
    if not selector.get_map():
        time.sleep(left)
        return []
    found = []
    for key, _ in selector.select(left):
        one: _Asked = key.data
        if _said_something(key.fileobj):  # type: ignore[arg-type]
            found.append(one)
        else:
            selector.unregister(key.fileobj)
            one.connections.remove(key.fileobj)  # type: ignore[arg-type]
            key.fileobj.close()  # type: ignore[union-attr]
    return list(dict.fromkeys(found))


def _said_something(connection: socket.socket) -> bool:
    try:
        return bool(connection.recv(1))
    except OSError:
        return False


def _close(selector: selectors.BaseSelector, one: _Asked) -> None:
    for connection in one.connections:
        selector.unregister(connection)
        connection.close()
    one.connections.clear()
