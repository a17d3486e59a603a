"""A fault at every step of reconcile itself, and of a boot."""

from collections.abc import Iterator

import pytest

from pushdeploy.system.failpoints import Point
from tests.host.checkout import Installed
from tests.host.strikes import Fault, Place, covering, place
from tests.host.struck import deploy_first
from tests.host.struck_reconcile import (
    AFTER_A_KILL,
    AT_BOOT,
    OF_A_HUNG_APP,
    examine_a_repair,
    examine_after_a_kill,
    examine_at_boot,
)
from tests.host.whole import assert_as_templates

FAULTS = [
    *(Fault.ENGINE, Fault.GROUP, Fault.REBOOT, Fault.POWER),
    *(Fault.FULL, Fault.INODES, Fault.ERROR, Fault.DISK),
]


@pytest.fixture(scope="module")
def where(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server of this file's own with an app that has a worker and a release phase."""
    with place(installed, "missing", tmp_path_factory.mktemp("missing")) as where:
        deploy_first(where.site)
        yield where


@pytest.mark.parametrize(("point", "fault"), covering(AFTER_A_KILL, FAULTS))
def test_a_reconcile_survives(where: Place, point: Point, fault: Fault) -> None:
    examine_after_a_kill(where, point, fault)


@pytest.mark.parametrize(("point", "fault"), covering(AT_BOOT, FAULTS))
def test_a_boot_survives(where: Place, point: Point, fault: Fault) -> None:
    examine_at_boot(where, point, fault)


@pytest.mark.parametrize(("point", "fault"), covering(OF_A_HUNG_APP, FAULTS))
def test_a_repair_survives(where: Place, point: Point, fault: Fault) -> None:
    examine_a_repair(where, point, fault)


def test_units_and_sites_are_what_the_templates_give(where: Place) -> None:
    assert_as_templates(where.host)
