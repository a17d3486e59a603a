"""What DNS says of a name, and why the name may not lead to this server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a name may not lead here, as a sentence without a full stop."""

    text: str
    sure: bool
    """False when this server could not find out: its own DNS gave no answer."""


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """The answer to a question about a name."""

    addresses: tuple[str, ...] = ()
    """Empty, without a failure: there is no such name."""
    failure: str = ""
    """Why there was no answer, in the words of this server's own resolver."""

    def doubt(self, name: str) -> Doubt:
        """What is said of a name that none of our own addresses was found for."""
        if self.failure:
            return Doubt(
                f"This server can't look up {name}: its own DNS gives no answer", sure=False
            )
        why = "it does not know that name"
        if self.addresses:
            why = f"it points to {self.addresses[0]} (correct only if a proxy is there)"
        return Doubt(f"DNS for {name} does not point to this server yet: {why}", sure=True)
