"""What came of making a backup, and of bringing one back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is complete."""

    snapshot: str
    apps: tuple[str, ...]
    files: int
    size: int
    """Bytes."""
    notes: tuple[str, ...]
    """What is not in it as one moment had it."""
    left: tuple[str, ...]
    """Apps that are not in it, and why."""


@dataclass(frozen=True, slots=True)
class RestoredApp:
    """An app that came out of a backup."""

    app: str
    port: int
    release: str | None
    """What is live, `v13`; `None` when nothing was, or when it could not be brought live."""
    trouble: str
    """Why it is not live though it was; empty when all is well."""
    hint: str
    notes: tuple[str, ...]
    """What is not as it was."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came out of a backup."""

    apps: tuple[RestoredApp, ...]
    notes: tuple[str, ...]
    """What was done to the server, and which apps were left alone."""
