"""An instance as a person sees it: what it does, since when, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass

from pushdeploy.model.instance import State


@dataclass(frozen=True, slots=True)
class Running:
    """One instance, of whatever release. What nobody can know of it is `None`."""

    instance: str
    """`worker.1`."""
    process_type: str
    release: str
    """`v12`."""
    state: State
    warm: bool = False
    """Of a release before the live one, kept for a rollback."""
    stray: bool = False
    """Nothing says that it should run; `reconcile` ends it."""
    seconds: float | None = None
    """How long its process has run."""
    cpu: float | None = None
    """Percent of one core."""
    memory: int | None = None
    """Bytes."""
    workers: int | None = None
    """Of the web server, at this moment."""
    restarts: int = 0
    last_restart: float | None = None
    """How many seconds ago."""
    crash_loop: bool = False
