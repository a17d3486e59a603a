"""What a health check takes for healthy, and what it waits for no longer."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.health import DEADLINE_SECONDS, Failure, probe
from pushdeploy.deploy.instances import web
from pushdeploy.events import Warned
from pushdeploy.model.health import HealthCheck

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine

ON_PORT = "web: node app.js\n"


def test_an_answer_that_nobody_asked_about_is_healthy_and_told(machine: FakeMachine) -> None:
    machine.supervisor.answers[1] = (404, "no such page")

    ended = machine.push("one")

    assert ended.release == 1
    told = machine.watching.one(Warned)
    assert isinstance(told, Warned)
    assert told.text.startswith("GET / answered 404: treated as healthy")


def test_the_same_answer_is_none_to_a_check_that_somebody_wrote(machine: FakeMachine) -> None:
    machine.supervisor.answers[1] = (404, "no such page")
    written = json.dumps({"healthchecks": {"web": [{"path": "/"}]}})

    ended = machine.push("one", app_json=written)

    assert (ended.outcome, machine.records.live()) == ("failed", None)


def test_a_check_that_takes_long_by_app_json_is_given_that_time(machine: FakeMachine) -> None:
    machine.supervisor.answers[1] = (503, "not yet")
    slow = {"path": "/", "attempts": 10, "timeout": 5, "wait": 20}
    began = machine.monotonic()

    machine.push("one", app_json=json.dumps({"healthchecks": {"web": [slow]}}))

    assert DEADLINE_SECONDS < machine.monotonic() - began <= 10 * (5 + 20)


def test_the_words_that_app_json_asks_for_must_be_in_the_answer(machine: FakeMachine) -> None:
    asked = json.dumps({"healthchecks": {"web": [{"path": "/", "content": "ready"}]}})

    failed = machine.push("one", app_json=asked)
    machine.supervisor.answers[2] = (200, "all is ready")
    live = machine.push("two", app_json=asked)

    assert "answered 200 without `ready`" in failed.text
    assert live.release == 2


@pytest.mark.parametrize("listens", [True, False])
def test_a_check_for_a_listener_asks_for_no_answer(machine: FakeMachine, listens: bool) -> None:  # noqa: FBT001
    machine.push("one", ON_PORT)
    instance = web(machine, machine.records.release(1), machine.records.settings())
    assert instance.port is not None
    check = HealthCheck(listening=True)

    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", instance.port))
        if listens:
            server.listen()
        found = probe(machine, instance, check, 1.0)

    assert isinstance(found, Failure) is not listens
    assert listens or found == Failure("nothing listens on $PORT")
