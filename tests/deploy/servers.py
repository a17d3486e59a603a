"""Small real servers: a web process on its unix socket, and a front that follows a link to it."""

from __future__ import annotations

import contextlib
import secrets
import socket
import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Answering = Callable[[str], tuple[int, str]]
"""Path of a request to status and body."""

POLL_SECONDS = 0.01


class _Web(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


class WebServer:
    """Answers HTTP on a unix socket."""

    def __init__(self, path: Path, answering: Answering) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._path = path
        self._server = _Web(str(path), _handler(answering))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Answer nobody any more; the socket is gone."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._path.unlink(missing_ok=True)


def _handler(answering: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = answering(self.path)
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    return Handler


class _Front(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


class FrontServer:
    """Hands each connection to a port on to wherever a socket's path leads at that moment."""

    def __init__(self, port: int, target: Path) -> None:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                _carry(self.request, target)

        self._server = _Front(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _carry(client: socket.socket, target: Path) -> None:
    """One request there, all of the answer back."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as web, contextlib.suppress(OSError):
        web.connect(str(target))
        web.sendall(client.recv(1 << 16))
        while data := web.recv(1 << 16):
            client.sendall(data)


def free_port() -> int:
    """A port that nobody listens on, and that the kernel gives no connection of its own accord."""
    while True:
        port = 20_000 + secrets.randbelow(9_000)
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
