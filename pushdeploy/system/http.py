"""One GET, over a unix socket or to a port; patient while the far side boots.

http.client takes 13 ms to import: that is done while the first app that is asked still boots.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pushdeploy.errors import PushdeployError

if TYPE_CHECKING:
    import http.client
    from collections.abc import Callable, Iterable, Sequence

CLOSE = ("Connection", "close")
BODY_LIMIT = 64 << 10
"""Bytes of an answer that are read: enough for a `content` check and the start of a traceback."""

TICK_SECONDS = 0.1
"""How often a waiting probe asks whether to go on."""


OK = 200
"""The status of an answer that brings what was asked for."""

HERE = "127.0.0.1"
Address = Path | int | tuple[str, int]
"""A unix socket, a port of this machine, or an IP address and a port."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    reason: str
    body: str


class NoAnswerError(PushdeployError):
    """Nothing came back: refused, reset, closed or too late. The text says which."""


class GaveUpError(PushdeployError):
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
                    raise GaveUpError("nobody is waiting for the answer now") from None


def request_text(path: str, host: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """A GET as it is sent, for those who look whether anything at all comes back."""
    lines = [f"GET {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in (("Host", host), *headers, CLOSE)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def get(
    address: Address,
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
        address: whom to ask.
        path: with a leading slash.
        host: the `Host` header.
        headers: further ones.
        seconds: the longest to wait, in all.
        go_on: asked every `TICK_SECONDS` while nothing has come.

    Raises:
        NoAnswerError: nothing came.
        GaveUpError: `go_on` said no.
    """
    import http.client

    connection = http.client.HTTPConnection(host)
    try:
        connection.sock = _connected(address, seconds, go_on)
        connection.request("GET", path, headers=dict([CLOSE, *headers]))
        return _read(connection.getresponse())
    except TimeoutError as error:
        raise NoAnswerError(f"no answer within {seconds:.0f} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(_reason(error)) from error
    finally:
        connection.close()


def _connected(address: Address, seconds: float, go_on: Callable[[], bool]) -> _Socket:
    place = (HERE, address) if isinstance(address, int) else address
    made = _Socket(_family(place), socket.SOCK_STREAM)
    made.deadline = time.monotonic() + seconds
    made.go_on = go_on
    made.settimeout(seconds)
    try:
        made.connect(str(place) if isinstance(place, Path) else place)
    except OSError:
        made.close()
        raise
    return made


def _family(address: Path | tuple[str, int]) -> socket.AddressFamily:
    if isinstance(address, Path):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def _read(response: http.client.HTTPResponse) -> Answer:
    import http.client

    body = response.read(BODY_LIMIT)
    if response.length and len(body) < BODY_LIMIT:
        raise http.client.IncompleteRead(body, response.length)
    return Answer(response.status, response.reason, body.decode(errors="replace"))


def _reason(error: Exception) -> str:
    """Why there is no answer, from what http.client and the socket raise."""
    import http.client

    match error:
        case http.client.RemoteDisconnected():
            return "the connection was closed without an answer"
        case http.client.IncompleteRead():
            return "the connection was closed in the middle of the answer"
        case OSError():
            return error.strerror or str(error)
        case _:
            return f"not an HTTP answer: {error!r}"
