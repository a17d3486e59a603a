"""What somebody who only looks needs of a machine: of a whole one, or of parts that load quickly.

The watchdog looks each minute, and mostly finds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pushdeploy.model.layout import Layout
    from pushdeploy.system.held_ports import Held


class PortUse(Protocol):
    """What each user has of the ports, as the kernel says it."""

    def by_user(self) -> Mapping[int, Held]:
        """How many ports each user takes from the others."""

    def listening(self) -> set[tuple[int, int]]:
        """Every TCP port that somebody listens on, on whatever address, and the user."""


class Users(Protocol):
    """Whose processes are an app's."""

    def own_users(self, app: str) -> set[int]:
        """The numbers of the users that are this app's alone; none in embedded mode."""


class Fence(Protocol):
    """What the kernel was told of ports."""

    def keeps_in(self, ports: Collection[int]) -> bool:
        """Whether no other machine reaches these ports, as the kernel says now."""


class Watched(Protocol):
    """A machine, as far as the watchdog looks at it."""

    @property
    def layout(self) -> Layout:
        """Where the apps are."""

    @property
    def ports(self) -> PortUse:
        """Who takes them."""

    @property
    def accounts(self) -> Users:
        """Who that is."""

    @property
    def firewall(self) -> Fence:
        """Whether it still stands."""
