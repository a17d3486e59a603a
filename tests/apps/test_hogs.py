"""Apps that take ports which the others need are stopped, and nobody else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.apps.hogs import hogs, stop_hogs, stop_squatter
from pushdeploy.apps.lifecycle import create_app
from pushdeploy.model.ports import MOST_LISTENERS, MOST_USED
from pushdeploy.system.held_ports import Held
from pushdeploy.system.tcp_owner import Owner
from tests.deploy.machine import APP, FakeMachine, make_machine
from tests.deploy.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHER = "other"
RUNS, BUILDS, STRANGER = 901, 902, 77


@pytest.fixture
def machine(short_folder: Path) -> Iterator[FakeMachine]:
    """Two apps: one with two users of its own, and another."""
    made = make_machine(short_folder / "state", short_folder / "run")
    create_app(made, OTHER, port=free_port())
    made.accounts.users = {APP: {RUNS, BUILDS}, OTHER: {903}}
    yield made
    made.supervisor.close()


@pytest.mark.parametrize("user", [RUNS, BUILDS])
def test_who_holds_more_ports_than_an_app_may_is_found(machine: FakeMachine, user: int) -> None:
    machine.ports.taken = {user: Held(MOST_LISTENERS + 1, MOST_LISTENERS + 1)}

    assert hogs(machine, [APP, OTHER]) == {APP: "held 201 ports; an app may hold 200"}


def test_who_uses_too_many_for_others_to_connect_is_found(machine: FakeMachine) -> None:
    machine.ports.taken = {RUNS: Held(0, MOST_USED + 1)}

    said = "used 14001 ports of TCP and UDP; an app may use 14000"
    assert hogs(machine, [APP, OTHER]) == {APP: said}


def test_who_has_as_many_as_it_may_is_left_alone(machine: FakeMachine) -> None:
    machine.ports.taken = {RUNS: Held(MOST_LISTENERS, MOST_USED)}

    assert hogs(machine, [APP, OTHER]) == {}


def test_a_user_who_is_no_apps_is_left_alone(machine: FakeMachine) -> None:
    machine.ports.taken = {STRANGER: Held(9_000, 20_000)}

    assert hogs(machine, [APP, OTHER]) == {}
    assert stop_hogs(machine) == []


def test_who_listens_on_anothers_port_is_found(machine: FakeMachine) -> None:
    front = machine.records.settings().port
    machine.ports.heard = {(front, 0), (front, 903), (free_port(), RUNS)}

    assert hogs(machine, [APP, OTHER]) == {OTHER: f"listened on port {front} of `{APP}`"}


def test_an_app_may_listen_on_its_own_port_beside_the_front(machine: FakeMachine) -> None:
    front = machine.records.settings().port
    machine.ports.heard = {(front, 0), (front, RUNS)}

    assert hogs(machine, [APP, OTHER]) == {}


def test_all_are_stopped_but_the_one_that_is_being_changed(machine: FakeMachine) -> None:
    machine.push("a")
    many = Held(MOST_LISTENERS + 1, 0)
    machine.ports.taken = {RUNS: many, 903: many}

    did = stop_hogs(machine, but=APP)

    assert did == ["stopped `other`, which held 201 ports; an app may hold 200"]
    assert machine.running() == ["v1 web.1"]
    assert stop_hogs(machine)[0].startswith("stopped `blog`")
    assert machine.running() == []


def test_a_port_that_no_app_has_taken_stops_nobody(machine: FakeMachine) -> None:
    machine.push("a")

    assert stop_squatter(machine, free_port(), OTHER) is None
    assert stop_squatter(machine, None, OTHER) is None
    assert machine.running() == ["v1 web.1"]


def test_whoever_took_the_port_is_stopped_and_not_who_was_given_it(machine: FakeMachine) -> None:
    machine.push("a")
    port = free_port()
    machine.ports.all_heard = [(port, Owner(RUNS, "127.0.0.1", listens=True, accepted=True))]

    assert stop_squatter(machine, port, APP) is None
    assert machine.running() == ["v1 web.1"]
    said = f"stopped `{APP}`, which had taken port {port} of `{OTHER}`"
    assert stop_squatter(machine, port, OTHER) == said
    assert machine.running() == []
