"""Sites and certificates: the proxy and the settings say the same, whatever one of them refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import RefusedInputError, UnavailableError
from pushdeploy.model.settings import CertificateKind
from pushdeploy.proxy import certificates as proxy_certificates
from pushdeploy.proxy import maintenance
from pushdeploy.proxy.sites import apply_sites, change_site
from pushdeploy.records.server_settings import server_settings
from pushdeploy.watch import obstacles
from tests.deploy.machine import APP, FakeMachine

if TYPE_CHECKING:
    from pushdeploy.model.settings import AppSettings

DOMAIN, OTHER = "blog.example.com", "www.example.com"
ACME = {"email": "me@example.com", "server": None}


@pytest.fixture
def server(machine: FakeMachine) -> FakeMachine:
    """A server with a proxy, whose app has a domain."""
    machine.proxy.serves_domains = True
    give_domains(machine, DOMAIN)
    return machine


def give_domains(server: FakeMachine, *domains: str) -> None:
    """Exactly these."""

    def given(before: AppSettings) -> AppSettings:
        return before.changed(domains=domains)

    change_site(server, APP, given)


def issued(server: FakeMachine) -> str:
    """What lies where an ACME server's certificate is kept; empty when none does."""
    chain = server.certificates.issued(APP).chain
    return chain.read_text() if chain.exists() else ""


def test_a_domain_is_served_as_soon_as_it_is_the_apps(server: FakeMachine) -> None:
    (site,) = server.proxy.served

    assert (site.app, site.domains, site.certificate) == (APP, (DOMAIN,), None)


def test_a_change_that_the_proxy_refuses_is_taken_back(server: FakeMachine) -> None:
    server.proxy.refusal = UnavailableError("another file has a fault")

    with pytest.raises(UnavailableError):
        give_domains(server, DOMAIN, OTHER)

    assert server.records.settings().domains == (DOMAIN,)
    assert [site.domains for site in server.proxy.served] == [(DOMAIN,)]


def test_without_a_proxy_the_settings_wait_for_one(server: FakeMachine) -> None:
    server.proxy.installed = False
    give_domains(server, OTHER)
    assert server.proxy.served[0].domains == (DOMAIN,)

    server.proxy.installed = True
    did = apply_sites(server)

    assert (did, server.proxy.served[0].domains) == ([APP], (OTHER,))


def test_a_certificate_is_asked_for_and_served(server: FakeMachine) -> None:
    (shown,) = proxy_certificates.ask_for(server, APP, **ACME)  # type: ignore[arg-type]

    assert (shown.domain, shown.kind, shown.served, shown.covered) == (DOMAIN, "auto", True, True)
    assert server.certificates.asked == [(DOMAIN,)]
    assert server_settings(server).email == "me@example.com"


def test_before_a_domain_leads_here_nobody_is_asked_and_nothing_is_kept(
    server: FakeMachine,
) -> None:
    server.certificates.unreachable.add(DOMAIN)

    with pytest.raises(UnavailableError):
        proxy_certificates.ask_for(server, APP, **ACME)  # type: ignore[arg-type]

    assert (server.certificates.asked, issued(server)) == ([], "")
    assert server_settings(server).email == ""
    assert server.records.settings().certificate is CertificateKind.NONE


def test_a_renewed_certificate_is_shown(server: FakeMachine) -> None:
    proxy_certificates.ask_for(server, APP, **ACME)  # type: ignore[arg-type]
    server.certificates.change_release(APP, f"{DOMAIN} newer")
    assert [one.served for one in proxy_certificates.listing(server)] == [False]

    did = proxy_certificates.renewed(server)

    assert did == [DOMAIN]
    assert [one.served for one in proxy_certificates.listing(server)] == [True]
    assert proxy_certificates.renewed(server) == []


def test_an_own_certificate_takes_the_place_of_the_other(server: FakeMachine) -> None:
    proxy_certificates.ask_for(server, APP, **ACME)  # type: ignore[arg-type]

    (shown,) = proxy_certificates.give(server, APP, chain=DOMAIN, key="mine")

    assert (shown.kind, shown.served) == ("own", True)
    assert issued(server) == ""


@pytest.mark.parametrize("key", ["wrong", "mine"])
def test_a_certificate_that_is_refused_leaves_the_one_before(key: str, server: FakeMachine) -> None:
    proxy_certificates.give(server, APP, chain=DOMAIN, key="mine")
    proxy_certificates.ask_for(server, APP, **ACME)  # type: ignore[arg-type]
    before = server.records.settings()
    server.proxy.refusal = None if key == "wrong" else UnavailableError("a fault")

    with pytest.raises((RefusedInputError, UnavailableError)):
        proxy_certificates.give(server, APP, chain=f"{DOMAIN} second", key=key)

    assert server.records.settings() == before
    assert [(one.kind, one.served) for one in proxy_certificates.listing(server)] == [
        ("auto", True)
    ]


def test_a_certificate_that_is_removed_is_served_and_renewed_no_longer(
    server: FakeMachine,
) -> None:
    proxy_certificates.ask_for(server, APP, **ACME)  # type: ignore[arg-type]

    proxy_certificates.remove(server, APP)

    assert issued(server) == ""
    assert server.proxy.served[0].certificate is None


def test_maintenance_is_a_page_that_lies_there(server: FakeMachine) -> None:
    maintenance.maintenance_on(server, APP, "Back at noon.")
    page = maintenance.page(server, APP)
    shown = page.read_text()

    maintenance.maintenance_off(server, APP)

    assert (shown, page.exists()) == ("Back at noon.", False)


def test_what_is_in_the_way_of_visitors_and_of_pushes_is_told(server: FakeMachine) -> None:
    server.proxy.in_the_way = [("somebody listens on port 80", "stop it")]
    server.access.in_the_way = [("sshd keeps deploy out", "let it in")]

    found = [*obstacles.of_visitors(server), *obstacles.of_pushes(server)]

    assert [one.hint for one in found] == ["stop it", "let it in"]


def test_embedded_mode_serves_no_domain_and_says_so(machine: FakeMachine) -> None:
    give_domains(machine, DOMAIN)

    assert (machine.proxy.served, obstacles.of_visitors(machine)) == ((), [])
    with pytest.raises(UnavailableError):
        maintenance.maintenance_on(machine, APP, None)
