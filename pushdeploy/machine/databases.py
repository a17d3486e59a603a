"""Programs that keep data, as the story sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pushdeploy.model.database import PostgresFacts


class Postgres(Protocol):
    """The system's PostgreSQL. A database and its role have the name of who may use them."""

    def is_installed(self) -> bool:
        """True when it is here."""

    def install(self) -> None:
        """Install the system's package, and have it run.

        Raises:
            UnavailableError: it could not be had, and why.
        """

    def has(self, name: str) -> bool:
        """True when there is a database of that name."""

    def ensure(self, name: str) -> None:
        """Make a role and its database, or what is missing of them.

        Only that role, and the server's own administrator, can connect to it.
        """

    def facts(self, name: str) -> PostgresFacts:
        """How a database stands."""

    def drop(self, name: str) -> None:
        """Delete a database with all that is in it, and its role; nothing when there is none."""
