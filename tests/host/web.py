"""A client of the web servers that run on a host."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

from tests.host.host import Host


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole HTTP response."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Connection(http.client.HTTPConnection):
    """An HTTP connection that was opened on the host; it can be kept and used again."""

    def __init__(self, host: Host, address: tuple[str, int] | str, timeout: float = 10.0) -> None:
        """The address is ("127.0.0.1", 80) or the path of a unix socket on the host."""
        super().__init__("127.0.0.1", timeout=timeout)
        self._host = host
        self._address = address
        self._seconds = timeout

    def connect(self) -> None:
        """Open it, in the namespaces of the host."""
        self.sock = self._host.connect(self._address, self._seconds)


def http_request(
    host: Host,
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    unix_socket: str | None = None,
    timeout: float = 10.0,
) -> Answer:
    """Ask the host; whatever name the URL has goes to its 127.0.0.1, or to the unix socket."""
    target = urlsplit(url)
    connection = Connection(host, unix_socket or ("127.0.0.1", target.port or 80), timeout)
    path = f"{target.path or '/'}{'?' if target.query else ''}{target.query}"
    try:
        connection.request(method, path, body, {"Host": target.netloc, **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()
