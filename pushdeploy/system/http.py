"""One GET over a unix socket or a loopback port, patient while the far side boots."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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


class _Socket(socket.socket):
    """Reads until a deadline, however slowly bytes come, and asks whether to go on meanwhile."""

    deadline: float
    go_on: Callable[[], bool]

    def recv_into(self, *arguments: Any) -> int:
        """As `socket.recv_into`, which http.client reads by.

        Raises:
            TimeoutError: the deadline has come.
            GaveUpError: `go_on` said no.
        """
        while True:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.settimeout(min(TICK_SECONDS, left))
            try:
                return super().recv_into(*arguments)
            except TimeoutError:
                if not self.go_on():
                    raise GaveUpError from None


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
    import http.client  # noqa: PLC0415 - slow; the first app to ask is still booting then

    connection = http.client.HTTPConnection(host)
    try:
        connection.sock = _connected(address, seconds, go_on)
        connection.request("GET", path, headers={"Connection": "close", **dict(headers)})
        response = connection.getresponse()
        body = response.read(BODY_LIMIT)
        if response.length and len(body) < BODY_LIMIT:
            raise http.client.IncompleteRead(body, response.length)  # noqa: TRY301 - as the parser
    except TimeoutError as error:
        raise NoAnswerError(f"no answer within {seconds:.0f} s") from error
    except http.client.RemoteDisconnected as error:
        raise NoAnswerError("the connection was closed without an answer") from error
    except http.client.IncompleteRead as error:
        raise NoAnswerError("the connection was closed in the middle of the answer") from error
    except http.client.HTTPException as error:
        raise NoAnswerError(f"not an HTTP answer: {error!r}") from error
    except OSError as error:
        raise NoAnswerError(error.strerror or str(error)) from error
    else:
        return Answer(response.status, response.reason, body.decode(errors="replace"))
    finally:
        connection.close()


def _connected(address: Path | int, seconds: float, go_on: Callable[[], bool]) -> _Socket:
    unix = isinstance(address, Path)
    made = _Socket(socket.AF_UNIX if unix else socket.AF_INET, socket.SOCK_STREAM)
    made.deadline = time.monotonic() + seconds
    made.go_on = go_on
    made.settimeout(seconds)
    try:
        made.connect(str(address) if unix else ("127.0.0.1", address))
    except OSError:
        made.close()
        raise
    return made
