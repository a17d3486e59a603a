"""A job: a program that runs once, in a sandbox, and ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Fed = Callable[[Callable[[], None]], None]
"""What is done beside a job, and calls what it is given for each time that the job may go on."""

JOB_VARIABLE = "PUSHDEPLOY_JOB"
"""In embedded mode, marks a job's processes, so that those of a killed engine can be found."""


PRIVATE_VARIABLE = "PUSHDEPLOY_PRIVATE"
"""Names the file of a job that holds more of its environment: `NAME=value`, each with a NUL."""


class JobKind(StrEnum):
    """Which job of an app; one of each kind (but `run`) at a time, of the schedule one a name."""

    EXPORT = "export"
    FETCH = "fetch"
    BUILD = "build"
    KEEP = "keep"
    STEP = "step"
    COPY = "copy"
    BACKUP = "backup"
    RELEASE_PHASE = "release_phase"
    RUN = "run"
    CRON = "cron_run"
    """A job of the schedule, run by hand."""


BY_HAND = (JobKind.RUN, JobKind.CRON)
"""What somebody asked for, and no deploy or reconcile ends."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a supervisor must know to run it once."""

    app: str
    kind: JobKind
    argv: tuple[str, ...]
    user: str
    groups: tuple[str, ...]
    folder: Path
    home: Path
    writable: tuple[Path, ...]
    hidden: tuple[Path, ...]
    """Folders that it may not see at all."""
    environment: tuple[tuple[str, str], ...]
    seconds: float
    """The longest that it may run."""
    after: tuple[str, ...] = ()
    """Units of the system that it waits for at boot, such as its database."""
    bound: tuple[tuple[Path, Path], ...] = ()
    """Folders that it may write and finds at another place: the first is seen as the second."""
    shown: tuple[tuple[Path, Path], ...] = ()
    """The same, to be read only."""
    name: str = ""
    """Of a job of the schedule."""
    private: tuple[tuple[str, str], ...] = ()
    """More of its environment, which nobody else may see: its program reads it (`read_private`)."""
