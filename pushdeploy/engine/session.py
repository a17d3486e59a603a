"""One caller of the engine: who it is, what it asks, and short answers to it."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pushdeploy.errors import UsageError
from pushdeploy.model.wire import DESCRIPTORS, REQUEST_LIMIT, decode_request, encode
from pushdeploy.system.log import attempt_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.events import Report
    from pushdeploy.machine.machine import Machine
    from pushdeploy.system.locks import Holder

STDOUT = 1

ANSWER_SECONDS = 900.0
"""A caller that does not read an answer for so long is given up."""

LEFT = select.POLLERR | select.POLLHUP | select.POLLRDHUP
"""A pipe without readers has an error, a socket whose peer has left is hung up."""

FIRST_SECONDS = 10.0
"""A caller that has not said a line by then is dropped."""

PUSH_SECONDS = 900.0
"""So is one whose push has begun, later: it may be of many megabytes."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end, as the kernel says (SO_PEERCRED, unix(7))."""

    pid: int
    user: int
    group: int


class Session:
    """The connection of one request. A caller that is gone or slow never stops the engine."""

    def __init__(self, connection: socket.socket, machine: Machine) -> None:
        self._connection = connection
        self._machine = machine
        self._buffer = b""
        self.descriptors: tuple[int, ...] = ()
        self._end = time.monotonic() + FIRST_SECONDS

    @property
    def peer(self) -> Peer:
        """The caller."""
        raw = self._connection.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
        )
        return Peer(*struct.unpack("3i", raw))

    def receive(self, prepare: Callable[[], None]) -> dict[str, Any] | None:
        """The request, with any descriptors that came along; `None` if the caller left.

        A `prepare` line before it says that a push has begun: then `prepare` is called meanwhile.

        Raises:
            UsageError: it is not a request, or too long.
        """
        while True:
            line = self._line()
            request = decode_request(line) if line else None
            if request is None or request["verb"] != "prepare":
                self._connection.settimeout(ANSWER_SECONDS)
                return request
            prepare()
            self._end = time.monotonic() + PUSH_SECONDS

    def _line(self) -> bytes | None:
        while b"\n" not in self._buffer:
            try:
                self._connection.settimeout(max(0.001, self._end - time.monotonic()))
                part, descriptors, _, _ = socket.recv_fds(self._connection, 1 << 16, DESCRIPTORS)
            except OSError:
                return None
            self.descriptors += tuple(descriptors)
            if not part:
                return None
            self._buffer += part
            if len(self._buffer) > REQUEST_LIMIT:
                raise UsageError(f"the request is longer than {REQUEST_LIMIT} bytes")
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line

    def send(self, **message: Any) -> None:
        """Say something to the caller, if it still listens.

        Answers to queries may be long and hold no lock; everything else is short, so that it fits
        into the socket's buffer whether or not the caller reads.
        """
        with contextlib.suppress(OSError):
            self._connection.sendall(encode(message))

    def waiting(self, holder: Holder) -> None:
        """Another attempt is under way."""
        self.send(waiting=asdict(holder))

    def begin(self, app: str, attempt: int) -> Report:
        """Open the attempt's log and say where it is."""
        path = self._machine.layout.app(app).attempt_log(attempt)
        report = attempt_log(path, app=app, attempt=attempt)
        self.send(attempt=attempt, log=str(path))
        return report

    def write(self, stream: int, data: bytes) -> bool:
        """Write to the caller's stdout (1) or stderr (2); False when nobody reads it any more."""
        try:
            while data:
                data = data[os.write(self.descriptors[stream], data) :]
        except (OSError, IndexError):
            return False
        return True

    def is_left(self) -> bool:
        """True when the caller has hung up, or nobody reads its stdout any more.

        What a lost ssh connection leaves behind still holds its end of ours. Asked by poll(2): a
        socket with a time-out waits in recv, MSG_DONTWAIT or not.
        """
        if _has_event(self._connection, select.POLLRDHUP):
            return True
        return len(self.descriptors) > STDOUT and _has_event(self.descriptors[STDOUT], 0)

    def is_hung_up(self) -> bool:
        """True when the caller has hung up, or its stdin, stdout and stderr all have no other end.

        Those of a lost ssh connection have none; `run ... | head` leaves two of them.
        """
        if _has_event(self._connection, select.POLLRDHUP):
            return True
        return bool(self.descriptors) and all(_has_event(one, 0) for one in self.descriptors)

    def close(self) -> None:
        """End the conversation; the engine may go on working."""
        for descriptor in self.descriptors:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._connection.close()


def _has_event(one: socket.socket | int, asked: int) -> bool:
    """True when the other end is gone."""
    poll = select.poll()
    poll.register(one, asked)
    return any(what & LEFT for _, what in poll.poll(0))
