"""The kernel is told whose port is whose, whenever one is given or taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.apps.fence import fence_ports, is_down, ports_of_apps
from pushdeploy.apps.lifecycle import create_app, destroy_app
from tests.deploy.machine import APP, FakeMachine, make_machine
from tests.deploy.servers import free_port

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    """One with an app."""
    return make_machine(tmp_path / "root", tmp_path / "run")


def fenced(machine: FakeMachine) -> set[int]:
    """All ports that the kernel was told of."""
    return {port for ports in machine.firewall.fenced.values() for port in ports}


def test_the_front_of_a_new_app_is_its_own_and_that_of_a_destroyed_one_nobodys(
    machine: FakeMachine,
) -> None:
    first, second = machine.records.settings().port, free_port()

    create_app(machine, "other", port=second)
    both = fenced(machine)
    destroy_app(machine, "other", who="ada")

    assert both == {first, second}
    assert fenced(machine) == {first}


def test_a_port_that_a_release_is_given_is_its_apps_from_then_on(machine: FakeMachine) -> None:
    machine.push("a", "web: node server.js\n")

    (given,) = ports_of_apps(machine.layout)[APP][1:]

    assert given in fenced(machine)


def test_other_machines_are_kept_from_the_port_before_it_is_noted(machine: FakeMachine) -> None:
    machine.push("a", "web: node server.js\n")
    given = {*ports_of_apps(machine.layout)[APP][1:]}

    assert set(machine.firewall.inner) == given
    assert machine.layout.kept_in.exists()
    machine.records.place.settings.write_text("?")
    fence_ports(machine)
    assert set(machine.firewall.inner) == given, "also of an app whose settings can't be read"


def test_that_they_are_is_said_only_while_the_kernel_says_so(machine: FakeMachine) -> None:
    machine.push("a", "web: node server.js\n")
    assert not is_down(machine)
    machine.firewall.can_keep_in = False
    forgotten = is_down(machine)

    fence_ports(machine)

    assert forgotten
    assert not machine.layout.kept_in.exists()
    assert not is_down(machine)


def test_a_note_that_was_never_finished_is_no_port(machine: FakeMachine) -> None:
    note = machine.place.bridge_port(7)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text("")

    assert fence_ports(machine)
    assert ports_of_apps(machine.layout) == {APP: [machine.records.settings().port]}


def test_after_a_boot_and_by_reconcile_it_is_said_again(machine: FakeMachine) -> None:
    from pushdeploy.watch.boot_all import boot_all  # noqa: PLC0415
    from pushdeploy.watch.reconcile import reconcile_all  # noqa: PLC0415

    machine.firewall.fenced = {}
    boot_all(machine)
    after_boot = fenced(machine)
    machine.firewall.fenced = {}
    reconcile_all(machine, machine.watching)

    assert after_boot == fenced(machine) == {machine.records.settings().port}
