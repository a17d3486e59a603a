"""Waiting ends early when a web process has had the same trouble for a while."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.instances import web
from pushdeploy.deploy.stuck import STEADY_SECONDS, Stuck
from pushdeploy.model.health import HealthCheck
from pushdeploy.model.ports import LOOPBACK
from pushdeploy.system.accounts_embedded import OwnAccounts
from pushdeploy.system.ports import TcpPorts
from pushdeploy.system.tcp_owner import Owner

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine

THE_APP = os.getuid() + 1
ANOTHER = os.getuid() + 2
UNSAID = HealthCheck(explicit=False)


@dataclass
class Listeners(TcpPorts):
    """Ports that are listened on, and by whom."""

    by: dict[int, int] = field(default_factory=dict)

    def listener(self, port: int) -> Owner | None:
        return dict(self.all_listening()).get(port)

    def all_listening(self) -> list[tuple[int, Owner]]:
        made = (LOOPBACK, True, True)
        return [(port, Owner(uid, *made)) for port, uid in self.by.items()]


class AppsUser(OwnAccounts):
    """The app has a user of its own, as on a server."""

    def user_id(self, app: str) -> int | None:
        return THE_APP


@dataclass
class Looked:
    """A web process on `$PORT`, and what is heard of it."""

    stuck: Stuck
    ports: Listeners
    port: int

    def after(self, seconds: float, status: int | None = None) -> bool:
        """Whether it is found to be stuck, so much later."""
        self.stuck.machine.sleep(seconds)
        return self.stuck.is_final(UNSAID, status)


@pytest.fixture
def looked(machine: FakeMachine) -> Looked:
    """Its process is up, and does not answer."""
    machine.push("one", "web: python app.py\n")
    release = machine.records.release(1)
    instance = web(machine, release, machine.records.settings())
    assert instance.port is not None
    ports = Listeners()
    server = replace(machine, ports=ports, accounts=AppsUser(machine.layout))
    return Looked(Stuck(server, release, instance), ports, instance.port)


def test_a_process_that_listens_on_another_port_is_not_waited_for(looked: Looked) -> None:
    looked.ports.by[5000] = THE_APP

    assert not looked.after(0)
    assert not looked.after(STEADY_SECONDS / 2)
    assert looked.after(STEADY_SECONDS / 2)


def test_who_opens_the_right_port_in_time_is_waited_for(looked: Looked) -> None:
    looked.ports.by[5000] = THE_APP
    assert not looked.after(0)

    looked.ports.by[looked.port] = THE_APP

    assert not looked.after(STEADY_SECONDS)


def test_another_wrong_port_is_another_trouble(looked: Looked) -> None:
    looked.ports.by[5000] = THE_APP
    assert not looked.after(0)

    looked.ports.by = {5001: THE_APP}

    assert not looked.after(STEADY_SECONDS)
    assert looked.after(STEADY_SECONDS)


def test_what_others_listen_on_says_nothing_of_the_app(looked: Looked) -> None:
    looked.ports.by[5000] = ANOTHER
    assert not looked.after(0)

    assert not looked.after(STEADY_SECONDS)


def test_a_port_that_we_gave_it_is_no_wrong_one(looked: Looked) -> None:
    """Its former release still runs, on its own bridge."""
    looked.ports.by[looked.port + 1] = THE_APP
    assert not looked.after(0)

    assert not looked.after(STEADY_SECONDS)


def test_a_500_after_a_wrong_port_is_given_its_own_time(looked: Looked) -> None:
    looked.ports.by[5000] = THE_APP
    assert not looked.after(0)

    assert not looked.after(STEADY_SECONDS, 500)
    assert looked.after(STEADY_SECONDS, 500)


def test_an_app_that_says_how_long_to_wait_is_given_that_time(looked: Looked) -> None:
    looked.ports.by[5000] = THE_APP
    own = HealthCheck()

    looked.stuck.is_final(own, None)
    looked.stuck.machine.sleep(STEADY_SECONDS)

    assert not looked.stuck.is_final(own, None)
