"""One GET over a unix socket or a loopback port, patient while the far side boots."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

BODY_LIMIT = 64 << 10
"""Bytes of an answer that are read: enough for a `content` check and the start of a traceback."""

TICK_SECONDS = 0.1
"""How often a waiting probe asks whether to go on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    reason: str
    body: str


class NoAnswerError(Exception):
    """Nothing came back: refused, reset, closed or too late. The text says which."""


class GaveUpError(Exception):
    """The caller's `go_on` said no while we waited."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, address: Path | int, host: str, seconds: float) -> None:
        super().__init__(host, timeout=seconds)
        self._address = address

    def connect(self) -> None:
        if isinstance(self._address, Path):
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(str(self._address))
        else:
            self.sock = socket.create_connection(("127.0.0.1", self._address), self.timeout)


def get(
    address: Path | int,
    path: str,
    *,
    host: str,
    headers: Sequence[tuple[str, str]] = (),
    seconds: float,
    go_on: Callable[[], bool] = lambda: True,
) -> Answer:
    """GET `path` and return the answer, whatever its status.

    A listening socket takes the request before anybody serves it, so one request that waits is
    answered the moment the app can: no polling.

    Args:
        address: a unix socket, or a port of 127.0.0.1.
        path: with a leading slash.
        host: the `Host` header.
        headers: further ones.
        seconds: the longest to wait, in all.
        go_on: asked every `TICK_SECONDS` while nothing has come.

    Raises:
        NoAnswerError: nothing came.
        GaveUpError: `go_on` said no.
    """
    deadline = time.monotonic() + seconds
    connection = _Connection(address, host, seconds)
    try:
        connection.request("GET", path, headers={"Connection": "close", **dict(headers)})
        _wait(connection.sock, deadline, go_on)
        connection.sock.settimeout(max(0.1, deadline - time.monotonic()))
        response = connection.getresponse()
        body = response.read(BODY_LIMIT).decode(errors="replace")
    except TimeoutError as error:
        raise NoAnswerError(f"no answer within {seconds:.0f} s") from error
    except http.client.RemoteDisconnected as error:
        raise NoAnswerError("the connection was closed without an answer") from error
    except http.client.HTTPException as error:
        raise NoAnswerError(f"not an HTTP answer: {error!r}") from error
    except OSError as error:
        raise NoAnswerError(error.strerror or str(error)) from error
    else:
        return Answer(response.status, response.reason, body)
    finally:
        connection.close()


def _wait(connected: socket.socket, deadline: float, go_on: Callable[[], bool]) -> None:
    connected.settimeout(TICK_SECONDS)
    while True:
        try:
            connected.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            if time.monotonic() >= deadline:
                raise
            if not go_on():
                raise GaveUpError from None
        else:
            return
