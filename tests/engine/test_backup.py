"""Who may have fewer backups kept: root alone. A key may have more kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pushdeploy.backup.settings import backup_settings, set_repository
from pushdeploy.model.backup import Retention
from pushdeploy.model.rights import Standing
from tests.deploy.fake_tools import FakeAccess

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine
    from tests.engine.caller import Line


class AKey(FakeAccess):
    """Takes everybody for somebody with a key."""

    def standing(self, user: int) -> Standing:
        """The same for all."""
        return Standing.KEYS


@pytest.fixture
def by_key(line: Line, machine: FakeMachine) -> Line:
    """Somebody with a key asks; backups have a place."""
    set_repository(machine, "/mnt/backups", {}, "root")
    line.machine = replace(machine, access=AKey())
    return line


@pytest.mark.parametrize("fewer", [{"daily": 1}, {"weekly": 0}, {"monthly": 0, "daily": 30}])
def test_a_key_may_not_have_fewer_kept(
    fewer: dict[str, int], by_key: Line, machine: FakeMachine
) -> None:
    error = by_key.answer({"verb": "backup.prune", **fewer})["error"]

    assert error["exit_code"] == 5
    assert "only root may have fewer backups kept" in str(error)
    assert backup_settings(machine).retention == Retention()


def test_a_key_may_have_more_kept(by_key: Line, machine: FakeMachine) -> None:
    by_key.answer({"verb": "backup.prune", "daily": 14})

    assert backup_settings(machine).retention == Retention(daily=14)


def test_root_may_have_fewer_kept(line: Line, machine: FakeMachine) -> None:
    set_repository(machine, "/mnt/backups", {}, "root")

    line.answer({"verb": "backup.prune", "daily": 3})

    assert backup_settings(machine).retention == Retention(daily=3)
