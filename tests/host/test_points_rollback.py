"""A fault at every step of a rollback, and of a deploy that is taken back."""

from collections.abc import Iterator

import pytest

from pushdeploy.system.failpoints import Point
from tests.host.checkout import Installed
from tests.host.strikes import Fault, Place, covering, place
from tests.host.struck import (
    ROLLBACK,
    UNCONFIRMED,
    deploy_first,
    examine_rollback,
    examine_unsettled,
    reason_in_a_deploy,
)
from tests.host.whole import assert_as_templates

FAULTS = [
    *(Fault.ENGINE, Fault.GROUP, Fault.CLIENT, Fault.REBOOT, Fault.POWER),
    *(Fault.FULL, Fault.INODES, Fault.ERROR, Fault.DISK),
]

OF_A_PUSH = [*FAULTS, Fault.HOOK]


@pytest.fixture(scope="module")
def where(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server of this file's own with an app that has a worker and a release phase."""
    with place(installed, "back", tmp_path_factory.mktemp("back")) as where:
        deploy_first(where.site)
        yield where


@pytest.mark.parametrize(("point", "fault"), covering(ROLLBACK, FAULTS, reason_in_a_deploy))
def test_a_rollback_survives(where: Place, point: Point, fault: Fault) -> None:
    examine_rollback(where, point, fault)


@pytest.mark.parametrize(("point", "fault"), covering(UNCONFIRMED, OF_A_PUSH, reason_in_a_deploy))
def test_a_deploy_that_is_taken_back_survives(where: Place, point: Point, fault: Fault) -> None:
    examine_unsettled(where, point, fault)


def test_units_and_sites_are_what_the_templates_give(where: Place) -> None:
    assert_as_templates(where.host)
