"""An app that refuses the server's own address is warned of, once it is live there."""

from __future__ import annotations

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.look import look_by_address
from pushdeploy.events import Warned
from pushdeploy.records.server_settings import change_server_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushdeploy.events import Event
    from tests.deploy.machine import FakeMachine


class Choosy(BaseHTTPRequestHandler):
    """Answers to `localhost` alone, as Django does with that in ALLOWED_HOSTS."""

    def do_GET(self) -> None:
        self.send_response(200 if self.headers["Host"] == "localhost" else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Where such an app answers."""
    server = HTTPServer(("127.0.0.1", 0), Choosy)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("address", "domains", "warned"),
    [
        ("8.8.8.8", (), True),
        ("10.0.0.4", (), False),
        ("8.8.8.8", ("blog.example.com",), False),
    ],
    ids=["public", "one that visitors do not use", "with a domain"],
)
def test_an_app_that_refuses_the_servers_address_is_warned_of(
    machine: FakeMachine,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    domains: tuple[str, ...],
    warned: bool,  # noqa: FBT001 - a column of the table
) -> None:
    machine.push("one")
    release = machine.records.live_release()
    assert release is not None
    change_server_settings(machine, lambda now: replace(now, bare="blog"))
    monkeypatch.setenv("SSH_CONNECTION", f"1.1.1.1 5000 {address} 22")
    told: list[Event] = []

    settings = machine.records.settings().changed(port=port, domains=domains)
    look_by_address(machine, release, settings, told.append)

    assert [type(event) for event in told] == ([Warned] if warned else [])
    assert not told or "ALLOWED_HOSTS must list 8.8.8.8" in getattr(told[0], "text", "")
