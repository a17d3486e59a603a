"""The installer says of the bare address only what it has just seen there."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from pushdeploy.install.bare import bare_lines
from pushdeploy.proxy import bare_address
from tests.deploy.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.deploy.machine import FakeMachine


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A web server that answers everything so; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer."""
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server(machine: FakeMachine) -> FakeMachine:
    """A server whose bare address is kept for the app `blog`."""
    machine.proxy.serves_domains = True
    bare_address.decide(machine)
    return machine


def test_before_the_first_push_nothing_is_said_to_be_shown(server: FakeMachine) -> None:
    said = bare_lines(server, port=free_port())

    assert "will show blog" in said[0]
    assert said[0].endswith("after the first push.")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (200, " shows blog, as does every name that no app has."),
        (404, " shows blog, as does every name that no app has."),
        (503, " should show blog, but answers 503 now. See: pushdeploy ps blog"),
    ],
)
def test_what_answers_now_is_said(server: FakeMachine, status: int, words: str) -> None:
    server.push("one")

    with answering(status) as port:
        said = bare_lines(server, port=port)

    assert said[0].startswith("http://")
    assert said[0].endswith(words)


def test_a_proxy_that_does_not_answer_is_said(server: FakeMachine) -> None:
    server.push("one")

    assert "should show blog, but does not answer" in bare_lines(server, port=free_port())[0]


def test_where_no_app_has_the_address_nothing_is_said(machine: FakeMachine) -> None:
    assert bare_lines(machine) == []
