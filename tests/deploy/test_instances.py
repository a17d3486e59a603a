"""Instances: web that can't take a socket has a port that no other app's has."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.instances import web
from pushdeploy.model.formation import Formation
from pushdeploy.model.ports import BRIDGED

if TYPE_CHECKING:
    from pushdeploy.model.release import Release
    from tests.deploy.machine import FakeMachine

OTHERS = [f"app{number}" for number in range(8)]
ROUNDS = 3


@pytest.fixture
def bridged(machine: FakeMachine) -> Release:
    """A release that listens on `$PORT`."""
    machine.push("one", "web: node app.js\n")
    return machine.records.release(1)


def test_apps_that_choose_a_port_at_the_same_time_choose_different_ones(
    machine: FakeMachine, bridged: Release
) -> None:
    chosen: list[int | None] = []
    begin = threading.Barrier(len(OTHERS), timeout=30)

    def choose(app: str) -> None:
        for number in range(2, 2 + ROUNDS):
            begin.wait()
            release = replace(bridged, app=app, number=number)
            chosen.append(web(machine, release, machine.records.settings()).port)

    threads = [threading.Thread(target=choose, args=(app,)) for app in OTHERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(chosen)) == len(OTHERS) * ROUNDS


def test_a_port_is_kept_for_the_release(machine: FakeMachine, bridged: Release) -> None:
    settings = machine.records.settings()

    assert web(machine, bridged, settings) == web(machine, bridged, settings)


def test_the_note_of_another_app_that_is_gone_when_it_is_read_is_no_obstacle(
    machine: FakeMachine, bridged: Release
) -> None:
    other = machine.layout.app(OTHERS[0])
    other.run.mkdir()
    (other.run / "v1.port").symlink_to("gone")

    release = replace(bridged, number=2)

    assert web(machine, release, machine.records.settings()).port in BRIDGED


def test_a_note_that_was_never_finished_is_written_anew(
    machine: FakeMachine, bridged: Release
) -> None:
    note = machine.place.run / "v1.port"
    note.write_text("")

    port = web(machine, bridged, machine.records.settings()).port

    assert note.read_text() == f"{port}"


def test_a_script_has_one_worker_until_somebody_says_more(machine: FakeMachine) -> None:
    machine.push("one", "web: python main.py\n")
    release, settings = machine.records.release(1), machine.records.settings()

    told = dict(web(machine, release, settings).environment)
    more = settings.changed(formation=Formation({"web": 4}))

    assert told["WEB_CONCURRENCY"] == "1"
    assert (told["FLASK_RUN_PORT"], told["STREAMLIT_SERVER_ADDRESS"]) == (told["PORT"], "127.0.0.1")
    assert dict(web(machine, release, more).environment)["WEB_CONCURRENCY"] == "4"
