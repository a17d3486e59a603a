"""The bare address belongs to one app, and goes to no other by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy import bare_address
from pushdeploy.deploy.journal import Journal
from pushdeploy.deploy.server_settings import change_server_settings, server_settings
from pushdeploy.model.settings import AppSettings
from pushdeploy.system.accounts_embedded import OwnAccounts
from tests.deploy.machine import APP, Machine

if TYPE_CHECKING:
    from pushdeploy.deploy.host import Host

SHOP = "shop"


class Server(OwnAccounts):
    """Like a server, which has a bare address."""

    def receiver(self) -> str | None:
        """Somebody."""
        return "deploy"


@pytest.fixture
def host(machine: Machine) -> Host:
    """A server with the app `blog`."""
    return replace(machine.host, accounts=Server(machine.host.layout))


def domains(host: Host, app: str, *names: str) -> None:
    """Give an app exactly these."""
    Journal(host.layout.app(app)).change_settings(lambda now: now.changed(domains=names))


def make(host: Host, app: str, port: int) -> None:
    """Another app."""
    place = host.layout.app(app)
    place.root.mkdir()
    Journal(place).save_settings(AppSettings(port=port))
    bare_address.decide(host)


def destroy(host: Host, app: str) -> None:
    """An app is gone."""
    host.layout.app(app).settings.unlink()
    bare_address.release(host, app)
    bare_address.decide(host)


def test_embedded_mode_has_none(machine: Machine) -> None:
    assert bare_address.shown(machine.host) is None
    assert bare_address.url(machine.host, APP) is None


def test_the_first_app_without_a_domain_has_it_and_that_is_written_down(host: Host) -> None:
    bare_address.decide(host)
    make(host, SHOP, 1)

    assert bare_address.shown(host) == APP
    assert server_settings(host).bare == APP
    assert str(bare_address.url(host, APP)).startswith("http://")
    assert bare_address.url(host, SHOP) is None


def test_a_domain_suspends_it_and_nobody_else_gets_it(host: Host) -> None:
    bare_address.decide(host)
    make(host, SHOP, 1)

    domains(host, APP, "blog.example.com")
    meanwhile = bare_address.told(host)
    note = bare_address.note(host, APP, APP)
    domains(host, APP)

    assert meanwhile == {"app": None, "kept_for": APP}
    assert "left the server's bare address" in note
    assert bare_address.shown(host) == APP


def test_who_was_put_there_stays_with_a_domain(host: Host) -> None:
    domains(host, APP, "blog.example.com")

    change_server_settings(host, lambda now: bare_address.choose(now, APP))
    chosen = bare_address.shown(host)
    change_server_settings(host, lambda now: bare_address.choose(now, None))

    assert chosen == APP
    assert bare_address.shown(host) is None


def test_after_its_app_is_destroyed_nobody_has_it(host: Host) -> None:
    bare_address.decide(host)
    make(host, SHOP, 1)

    destroy(host, APP)

    assert bare_address.shown(host) is None
    assert "Nothing answers" in bare_address.note(host, APP, APP)


def test_another_apps_end_changes_nothing(host: Host) -> None:
    bare_address.decide(host)
    make(host, SHOP, 1)

    destroy(host, SHOP)

    assert bare_address.shown(host) == APP


def test_on_a_server_without_any_app_the_next_is_the_first_again(host: Host) -> None:
    bare_address.decide(host)
    destroy(host, APP)

    make(host, SHOP, 1)

    assert bare_address.shown(host) == SHOP


def test_what_nobody_has_said_is_as_it_was_of_old(host: Host) -> None:
    domains(host, APP, "blog.example.com")
    bare_address.decide(host)
    undecided = server_settings(host).bare

    make(host, SHOP, 1)

    assert undecided is None
    assert bare_address.shown(host) == SHOP
