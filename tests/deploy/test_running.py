"""What `ps` says of each instance: up, starting, warm, or nobody's."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.health import DEADLINE_SECONDS
from pushdeploy.deploy.running import running
from pushdeploy.model.instance import State
from pushdeploy.system.locks import held
from pushdeploy.system.processes import Usage

if TYPE_CHECKING:
    from pushdeploy.model.running import Running
    from tests.deploy.machine import FakeMachine

WORKERS = "web: gunicorn app:app\nworker: python worker.py\n"
ON_PORT = "web: node app.js\n"
YOUNG, OLD = DEADLINE_SECONDS - 1, DEADLINE_SECONDS + 1
PID = 4_000_000


def shown(machine: FakeMachine) -> dict[str, tuple[str, State]]:
    """Release and state, by instance and what is special about it."""
    return {_key(one): (one.release, one.state) for one in running(machine, machine.records)}


def _key(row: Running) -> str:
    special = "warm " if row.warm else "stray " if row.stray else ""
    return f"{special}{row.instance} of {row.release}"


def aged(machine: FakeMachine, seconds: float) -> None:
    """Web of v1 has run for so long."""
    (unit,) = (name for name in machine.supervisor.units if ".v1.web" in name)
    machine.supervisor.pids[unit] = PID
    machine.resources.used[PID] = Usage(memory=1 << 20, cpu=1.0, started=machine.now() - seconds)


def test_the_live_release_and_the_warm_one_are_told_apart(machine: FakeMachine) -> None:
    machine.push("one", WORKERS)
    machine.push("two", WORKERS)

    assert shown(machine) == {
        "web.1 of v2": ("v2", State.UP),
        "worker.1 of v2": ("v2", State.UP),
        "warm web.1 of v1": ("v1", State.UP),
    }


def test_what_should_run_and_does_not_is_down_unless_somebody_is_at_it(
    machine: FakeMachine,
) -> None:
    machine.push("one", WORKERS)
    machine.supervisor.reboot()

    alone = shown(machine)
    with held(machine.place.lock, who="ada", what="a deploy"):
        meanwhile = shown(machine)

    assert {state for _, state in alone.values()} == {State.DOWN}
    assert {state for _, state in meanwhile.values()} == {State.STARTING}


def test_a_warm_release_that_does_not_run_is_not_shown(machine: FakeMachine) -> None:
    machine.push("one")
    machine.push("two")
    machine.supervisor.reboot()

    assert list(shown(machine)) == ["web.1 of v2"]


@pytest.mark.parametrize(("seconds", "state"), [(YOUNG, State.STARTING), (OLD, State.UP)])
def test_web_that_does_not_listen_yet_is_starting_while_it_is_young(
    machine: FakeMachine, seconds: float, state: State
) -> None:
    machine.push("one", ON_PORT)
    aged(machine, seconds)

    assert shown(machine) == {"web.1 of v1": ("v1", state)}


def test_web_that_listens_is_up_however_young(machine: FakeMachine) -> None:
    machine.push("one", ON_PORT)
    aged(machine, 0.0)
    note = machine.place.bridge_port(1)

    with socket.create_server(("127.0.0.1", int(note.read_text()))):
        assert shown(machine) == {"web.1 of v1": ("v1", State.UP)}


def test_what_a_deploy_boots_is_starting_and_what_nobody_wants_is_a_stray(
    machine: FakeMachine,
) -> None:
    machine.push("one")
    machine.push("two", WORKERS)
    supervisor = machine.supervisor
    for name in [*supervisor.units]:
        unit = supervisor.units[name]
        instance = replace(unit.instance, release=unit.instance.release + 2)
        supervisor.units[name.replace(".v1.", ".v3.").replace(".v2.", ".v4.")] = replace(
            unit, instance=instance, server=None
        )

    strays = {key for key in shown(machine) if key.startswith("stray")}
    with held(machine.place.lock, who="ada", what="a deploy"):
        coming = {key: found for key, found in shown(machine).items() if ".1 of v4" in key}

    assert strays == {"stray web.1 of v3", "stray web.1 of v4", "stray worker.1 of v4"}
    assert coming == {
        "web.1 of v4": ("v4", State.STARTING),
        "worker.1 of v4": ("v4", State.STARTING),
    }
