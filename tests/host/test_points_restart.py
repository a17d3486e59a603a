"""The host goes down at every step of a deploy: what was live is live again."""

from collections.abc import Iterator

import pytest

from pushdeploy.system.failpoints import Point
from tests.host.checkout import Installed
from tests.host.strikes import Fault, Place, covering, place
from tests.host.struck import DEPLOY, FILES, deploy_first, examine_deploy, reason_in_a_deploy
from tests.host.whole import assert_as_templates

FAULTS = [Fault.REBOOT, Fault.POWER, Fault.DISK]


@pytest.fixture(scope="module")
def where(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server of this file's own with an app that has a worker and a release phase."""
    with place(installed, "restart", tmp_path_factory.mktemp("restart")) as where:
        deploy_first(where.site)
        yield where


@pytest.mark.parametrize(
    ("point", "fault"), covering(DEPLOY, FAULTS, reason_in_a_deploy, turn=(3, FILES))
)
def test_a_deploy_survives(where: Place, point: Point, fault: Fault) -> None:
    examine_deploy(where, point, fault)


def test_units_and_sites_are_what_the_templates_give(where: Place) -> None:
    assert_as_templates(where.host)
