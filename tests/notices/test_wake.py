"""What wakes whoever looks for what is to be told, and where nobody is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import UnavailableError
from pushdeploy.system.embedded_tools import NoMessenger
from pushdeploy.system.notice_wake import wake

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine


def test_a_wake_that_can_not_be_written_is_no_error(machine: FakeMachine) -> None:
    place = machine.layout.notices

    wake(place)
    place.wake.unlink()
    place.run.rmdir()
    place.run.write_text("")
    wake(place)

    assert place.run.read_text() == ""


def test_embedded_mode_refuses_to_send() -> None:
    messenger = NoMessenger()
    messenger.wake()

    with pytest.raises(UnavailableError, match="no sending of notices in embedded mode"):
        messenger.require()
