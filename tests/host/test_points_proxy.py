"""A fault at every step of a change of nginx's sites and of a certificate."""

from collections.abc import Iterator

import pytest

from pushdeploy.system.failpoints import Point
from tests.host import pebble, proxy
from tests.host.checkout import Installed
from tests.host.strikes import Fault, covering, place
from tests.host.struck import deploy_first
from tests.host.struck_proxy import (
    CERTIFICATE,
    NAME,
    SITE,
    Proxy,
    examine_certificate,
    examine_removal,
    examine_site,
    reason_at_a_certificate,
)

FAULTS = [
    *(Fault.ENGINE, Fault.GROUP, Fault.CLIENT, Fault.REBOOT, Fault.POWER),
    *(Fault.FULL, Fault.INODES, Fault.ERROR, Fault.DISK),
]


@pytest.fixture(scope="module")
def at(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A server of this file's own with an app that has a name, and an authority it trusts."""
    folder = tmp_path_factory.mktemp("proxy")
    with place(installed, "proxy", folder) as where:
        proxy.know_names(where.host)
        known = "/usr/local/share/ca-certificates/own.crt"
        where.host.write(known, proxy.make_authority(folder).read_text())
        where.host.run("update-ca-certificates")
        deploy_first(where.site)
        where.site.cli(f"domains:add {NAME}")
        yield Proxy(where, folder)


@pytest.mark.parametrize(("point", "fault"), covering(SITE, FAULTS))
def test_a_change_of_a_site_survives(at: Proxy, point: Point, fault: Fault) -> None:
    examine_site(at, point, fault)


@pytest.mark.parametrize(("point", "fault"), covering(SITE, FAULTS[::-1]))
def test_the_removal_of_a_site_survives(at: Proxy, point: Point, fault: Fault) -> None:
    examine_removal(at, point, fault)


@pytest.mark.parametrize(
    ("point", "fault"), covering(CERTIFICATE[:-2], FAULTS, reason_at_a_certificate)
)
def test_a_change_of_a_certificate_survives(at: Proxy, point: Point, fault: Fault) -> None:
    examine_certificate(at, point, fault)


@pytest.mark.parametrize(("point", "fault"), covering(CERTIFICATE[-2:], FAULTS))
def test_the_asking_for_a_certificate_survives(
    at: Proxy, tmp_path_factory: pytest.TempPathFactory, point: Point, fault: Fault
) -> None:
    # Each server is a new one, and knows no account that an earlier one has given.
    at.where.host.run("rm", "-rf", "/etc/letsencrypt/accounts")
    with pebble.running(at.where.host, tmp_path_factory.mktemp("pebble")):
        examine_certificate(at, point, fault)
