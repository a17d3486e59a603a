"""A request that was let in: what a verb gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pushdeploy.records.app_records import AppRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.engine.caller import Caller
    from pushdeploy.engine.session import Session
    from pushdeploy.machine.machine import Machine


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks what, of which app. Name and right are checked."""

    machine: Machine
    session: Session
    """The caller's end: events, descriptors, and whether somebody is still there."""
    caller: Caller
    app: str
    """Empty when none is named."""
    request: Mapping[str, Any]
    """The words of the request, still as they came."""

    @property
    def who(self) -> str:
        """The name under which it is recorded."""
        return self.caller.name

    def records(self) -> AppRecords:
        """The records of the app.

        Raises:
            NotFoundError: there is no such app.
        """
        records = AppRecords(self.machine.layout.app(self.app))
        records.settings()
        return records
