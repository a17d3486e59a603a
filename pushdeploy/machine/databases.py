"""Programs that keep data, as the story sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.database import RedisFacts, SqlFacts


class SqlServer(Protocol):
    """PostgreSQL or MariaDB. A database and its role have the name of who may use them."""

    def is_installed(self) -> bool:
        """True when it is here."""

    def install(self) -> None:
        """Install the system's package, and have it run.

        Raises:
            UnavailableError: it could not be had, and why.
        """

    def has(self, name: str) -> bool:
        """True when it is here and has a database of that name."""

    def ensure(self, name: str, connections: int) -> None:
        """Make a role and its database, or what is missing of them; the role may connect so often.

        Only that role, and the server's own administrator, can connect to it.
        """

    def facts(self, name: str) -> SqlFacts:
        """How a database stands."""

    def drop(self, name: str) -> None:
        """Delete a database with all that is in it, and its role; nothing when there is none."""


class Redis(Protocol):
    """Redis or Valkey: a process for each app, as the app's user."""

    def is_installed(self) -> bool:
        """True when one of them is here."""

    def package(self) -> str:
        """What `install` would install."""

    def install(self) -> None:
        """Install it, without a Redis that all apps share.

        Raises:
            UnavailableError: it could not be had, and why.
        """

    def start(self, app: str, memory: int, *, wait: bool = True) -> bool:
        """Have the app's run with so many MiB, or take up another limit; False when it was so."""

    def facts(self, app: str) -> RedisFacts:
        """How the app's stands.

        Raises:
            UnavailableError: it does not answer.
        """

    def restore(self, app: str, path: Path) -> None:
        """Have the app's begin with what a file of root's holds, once it is started."""

    def remove(self, app: str) -> None:
        """Stop the app's, and delete all that it keeps."""
