"""Who may say that pushes install system packages: root alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.model.rights import Standing
from tests.deploy.fake_tools import FakeAccess
from tests.deploy.machine import APP

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine
    from tests.engine.caller import Line


class Others(FakeAccess):
    """Takes everybody for one kind of user."""

    kind = Standing.STRANGER

    def standing(self, user: int) -> Standing:
        """The same for all."""
        return self.kind


@pytest.mark.parametrize("kind", [Standing.KEYS, Standing.MEMBER, Standing.STRANGER])
def test_nobody_else_may_allow_an_app_to_install(
    kind: Standing, line: Line, machine: FakeMachine
) -> None:
    access = Others()
    access.kind = kind
    line.machine = replace(machine, access=access)

    error = line.answer({"verb": "apt.set", "app": APP, "on": True})["error"]

    assert error["exit_code"] == 5
    assert machine.records.settings().system_packages is False


def test_root_may(line: Line, machine: FakeMachine) -> None:
    line.answer({"verb": "apt.set", "app": APP, "on": True})

    assert machine.records.settings().system_packages is True
