"""The bare address belongs to one app, and goes to no other by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.model.settings import AppSettings
from pushdeploy.proxy import bare_address
from pushdeploy.records.app_records import AppRecords
from pushdeploy.records.server_settings import change_server_settings, server_settings
from tests.deploy.machine import APP, FakeMachine

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine

SHOP = "shop"


@pytest.fixture
def server(machine: FakeMachine) -> Machine:
    """A server with the app `blog`."""
    machine.proxy.serves_domains = True
    return machine


def domains(server: Machine, app: str, *names: str) -> None:
    """Give an app exactly these."""
    AppRecords(server.layout.app(app)).change_settings(lambda now: now.changed(domains=names))


def make(server: Machine, app: str, port: int) -> None:
    """Another app."""
    place = server.layout.app(app)
    place.root.mkdir()
    AppRecords(place).save_settings(AppSettings(port=port))
    bare_address.decide(server)


def destroy(server: Machine, app: str) -> None:
    """An app is gone."""
    server.layout.app(app).settings.unlink()
    bare_address.give_up(server, app)
    bare_address.decide(server)


def test_embedded_mode_has_none(machine: FakeMachine) -> None:
    assert bare_address.shown(machine) is None
    assert bare_address.url(machine, APP) is None


def test_the_first_app_without_a_domain_has_it_and_that_is_written_down(server: Machine) -> None:
    bare_address.decide(server)
    make(server, SHOP, 1)

    assert bare_address.shown(server) == APP
    assert server_settings(server).bare == APP
    assert str(bare_address.url(server, APP)).startswith("http://")
    assert bare_address.url(server, SHOP) is None


def test_a_domain_suspends_it_and_nobody_else_gets_it(server: Machine) -> None:
    bare_address.decide(server)
    make(server, SHOP, 1)

    domains(server, APP, "blog.example.com")
    meanwhile = bare_address.told(server)
    note = bare_address.note(server, APP, APP)
    domains(server, APP)

    assert meanwhile == {"app": None, "kept_for": APP}
    assert "left the server's bare address" in note
    assert bare_address.shown(server) == APP


def test_who_was_put_there_stays_with_a_domain(server: Machine) -> None:
    domains(server, APP, "blog.example.com")

    change_server_settings(server, lambda now: bare_address.choose(now, APP))
    chosen = bare_address.shown(server)
    change_server_settings(server, lambda now: bare_address.choose(now, None))

    assert chosen == APP
    assert bare_address.shown(server) is None


def test_after_its_app_is_destroyed_nobody_has_it(server: Machine) -> None:
    bare_address.decide(server)
    make(server, SHOP, 1)

    destroy(server, APP)

    assert bare_address.shown(server) is None
    assert "Nothing answers" in bare_address.note(server, APP, APP)


def test_another_apps_end_changes_nothing(server: Machine) -> None:
    bare_address.decide(server)
    make(server, SHOP, 1)

    destroy(server, SHOP)

    assert bare_address.shown(server) == APP


def test_on_a_server_without_any_app_the_next_is_the_first_again(server: Machine) -> None:
    bare_address.decide(server)
    destroy(server, APP)

    make(server, SHOP, 1)

    assert bare_address.shown(server) == SHOP


def test_what_nobody_has_said_is_as_it_was_of_old(server: Machine) -> None:
    domains(server, APP, "blog.example.com")
    bare_address.decide(server)
    undecided = server_settings(server).bare

    make(server, SHOP, 1)

    assert undecided is None
    assert bare_address.shown(server) == SHOP
