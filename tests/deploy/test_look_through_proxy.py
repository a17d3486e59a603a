"""nginx that does not pass requests on is warned of, once a release is live behind it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.look import look_through_proxy
from pushdeploy.events import Warned
from tests.deploy.servers import FrontServer, WebServer, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pushdeploy.events import Event
    from tests.deploy.machine import FakeMachine

DOMAIN = "blog.example.org"


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """A release is live on a server with nginx."""
    machine.push("one")
    machine.proxy.serves_domains = True
    return machine


@pytest.fixture
def answering(short_folder: Path) -> Iterator[dict[str, int]]:
    """A server in nginx's place: where it is, and the status that it answers."""
    said = {"status": 502, "port": free_port()}
    web = WebServer(short_folder / "nginx.sock", lambda _: (said["status"], ""))
    front = FrontServer(said["port"], short_folder / "nginx.sock")
    yield said
    front.stop()
    web.stop()


def warned(machine: FakeMachine, port: int, *domains: str) -> list[str]:
    """What is told."""
    told: list[Event] = []
    release = machine.records.live_release()
    assert release is not None
    settings = machine.records.settings().changed(domains=domains)

    look_through_proxy(machine, release, settings, told.append, port=port)

    return [one.text for one in told if isinstance(one, Warned)]


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_failure_of_nginxs_own_is_warned_of(
    live: FakeMachine, answering: dict[str, int], status: int
) -> None:
    answering["status"] = status

    said = warned(live, answering["port"], DOMAIN)

    assert said == [f"nginx answers {status} for {DOMAIN}"]


@pytest.mark.parametrize("status", [200, 301, 404, 500])
def test_what_the_app_answers_is_no_fault_of_nginx(
    live: FakeMachine, answering: dict[str, int], status: int
) -> None:
    answering["status"] = status

    assert warned(live, answering["port"], DOMAIN) == []


def test_nginx_that_is_not_there_is_warned_of(live: FakeMachine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    (said,) = warned(live, port, DOMAIN)

    assert said.startswith(f"nginx does not answer for {DOMAIN}: ")


def test_nothing_is_asked_while_the_maintenance_page_is_meant_to_be_there(
    live: FakeMachine, answering: dict[str, int]
) -> None:
    live.place.maintenance.touch()

    assert warned(live, answering["port"], DOMAIN) == []


@pytest.mark.parametrize("domains", [(), ("*.example.org",)])
def test_an_app_without_a_name_to_ask_for_is_not_asked_for(
    live: FakeMachine, answering: dict[str, int], domains: tuple[str, ...]
) -> None:
    assert warned(live, answering["port"], *domains) == []
