"""Heartbeats: which URL is called, and that nothing that happens to it is an error."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from pushdeploy.system.heartbeat import address, tell

if TYPE_CHECKING:
    from collections.abc import Iterator


class Listener(HTTPServer):
    """Remembers the paths that were asked for."""

    paths: list[str]


class Handler(BaseHTTPRequestHandler):
    """Answers 200, and 404 to `/gone`."""

    server: Listener

    def do_GET(self) -> None:
        """Remember it."""
        self.server.paths.append(self.path)
        self.send_response(404 if "gone" in self.path else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Somebody who waits for heartbeats."""
    with Listener(("127.0.0.1", 0), Handler) as server:
        server.paths = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("url", "ending", "called"),
    [
        ("https://hc-ping.com/uuid", "", "https://hc-ping.com/uuid"),
        ("https://hc-ping.com/uuid", "/start", "https://hc-ping.com/uuid/start"),
        ("https://hc-ping.com/uuid/", "/fail", "https://hc-ping.com/uuid/fail"),
        (
            "https://hc-ping.com/k/slug?create=1",
            "/fail",
            "https://hc-ping.com/k/slug/fail?create=1",
        ),
    ],
)
def test_the_ending_comes_before_the_query(url: str, ending: str, called: str) -> None:
    assert address(url, ending) == called


def test_it_is_called_once(listener: Listener) -> None:
    assert tell(f"http://127.0.0.1:{listener.server_port}/a", "/start") == ""

    assert listener.paths == ["/a/start"]


def test_what_it_answers_is_told(listener: Listener) -> None:
    assert tell(f"http://127.0.0.1:{listener.server_port}/gone", "") == "it answered 404"


def test_nobody_there_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))

        assert "refused" in tell(f"http://127.0.0.1:{free.getsockname()[1]}/", "").lower()


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://a/b", "http://[/"])
def test_what_is_no_url_is_not_called(url: str) -> None:
    assert tell(url, "") != ""
