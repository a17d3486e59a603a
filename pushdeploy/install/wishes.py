"""What may be asked of the installer beside installing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wishes:
    """The installer's options."""

    app: str | None = None
    """Create this app."""
    key: Path | None = None
    """The file of a public key that may push."""
    port: int | None = None
    """Where the app answers on 127.0.0.1."""
    domains: tuple[str, ...] = ()
    """The app's names."""
    email: str | None = None
    """Get a certificate for them; who is told of problems with it."""
    acme_server: str | None = None
    firewall: bool = False
    """Let in ssh, HTTP and HTTPS only."""
    sure: bool = False
    """Do not ask about what changes for others on this server."""
