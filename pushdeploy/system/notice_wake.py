"""Wakes who looks for what is to be told: a file, for which systemd waits. Imports little."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pushdeploy.model.room_layouts import NoticeLayout


def wake(place: NoticeLayout) -> None:
    """Never fails: that somebody would be told is no reason for anything to go wrong."""
    with suppress(OSError):
        place.run.mkdir(mode=0o700, exist_ok=True)
        place.wake.touch(0o600)
