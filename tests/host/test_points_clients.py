"""Who watches is killed at every step of a deploy: the deploy ends all the same."""

from collections.abc import Iterator

import pytest

from pushdeploy.system.failpoints import Point
from tests.host.checkout import Installed
from tests.host.strikes import Fault, Place, covering, place
from tests.host.struck import (
    CLIENTS,
    DEPLOY,
    FILES,
    deploy_first,
    examine_deploy,
    reason_in_a_deploy,
)
from tests.host.whole import assert_as_templates

FAULTS = [Fault.HOOK, Fault.CLIENT]


@pytest.fixture(scope="module")
def where(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server of this file's own with an app that has a worker and a release phase."""
    with place(installed, "clients", tmp_path_factory.mktemp("clients")) as where:
        deploy_first(where.site)
        yield where


@pytest.mark.parametrize(
    ("point", "fault"), covering(DEPLOY, FAULTS, reason_in_a_deploy, turn=(CLIENTS, FILES))
)
def test_a_deploy_survives(where: Place, point: Point, fault: Fault) -> None:
    examine_deploy(where, point, fault)


def test_units_and_sites_are_what_the_templates_give(where: Place) -> None:
    assert_as_templates(where.host)
