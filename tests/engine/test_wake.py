"""Who wakes the sending of notices: an engine after an attempt, if anybody is to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.model.notice_state import Memory
from pushdeploy.notices.memory import write_memory
from tests.deploy.machine import APP, FakeMachine

if TYPE_CHECKING:
    from tests.engine.caller import Line


def test_an_engine_wakes_nobody_while_nobody_is_told(line: Line, machine: FakeMachine) -> None:
    line.answer({"verb": "restart", "app": APP})

    assert machine.messenger.woken == 0


@pytest.mark.parametrize(("verb", "woken"), [("restart", 1), ("ps", 0)])
def test_an_engine_wakes_after_an_attempt_alone(
    verb: str, woken: int, line: Line, machine: FakeMachine
) -> None:
    write_memory(machine, Memory())

    line.answer({"verb": verb, "app": APP})

    assert machine.messenger.woken == woken
