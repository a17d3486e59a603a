"""An instance: one running copy of one process type of one release."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pushdeploy.model.app import unit_prefix
from pushdeploy.model.procfile import unit_safe

if TYPE_CHECKING:
    from pathlib import Path

STOP_GRACE_SECONDS = 45
"""From TERM to KILL. Longer than gunicorn's `graceful_timeout` of 30 s."""

DEFAULT_TASKS = 512
"""Processes and threads of one instance."""

DEFAULT_MEMORY = "70%"
"""Of the server's memory, for one instance or one job: what takes more is killed before others."""

ALL_MEMORY = "85%"
"""The same for all apps together, so that ssh, nginx and we can always work."""

CPU_WEIGHT = 100
"""Systemd's own default. Said, it has each app and each process type get as much as the others;
else one with 512 busy processes would get 512 times as much (systemd.resource-control(5))."""

DEFAULT_FILES = 65_536
"""Open files of one process."""

LOG_BURST = 20_000
LOG_INTERVAL_SECONDS = 10
"""Lines that an instance may print in so many seconds; the journal throws away what is more. Six
times systemd's own default, so that a traceback follows its cause, and no app floods the disk."""

RESTART_SECONDS = 1
"""From the end of a process to its next start."""

LOOP_PAUSE_SECONDS = 30
"""The same in a crash loop. Shorter than nginx waits for an answer, so that visitors who queue are
served when the cause, such as a database that is away, has passed."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What a supervisor must know to run it; every field is a value of ours or parsed to a type."""

    app: str
    release: int
    process_type: str
    index: int
    script: Path
    """The start script of the release."""
    code: Path
    home: Path
    shared: Path
    """Storage: the only folder beside `home` that it may write."""
    user: str
    environment: tuple[tuple[str, str], ...] = ()
    """Values of ours alone, such as PORT; the app's config vars come from the script."""
    socket: Path | None = None
    """Web only: the release's own unix socket."""
    after: tuple[str, ...] = ()
    """Units of the system that it waits for at boot, such as its database."""
    port: int | None = None
    """Web only: it listens on this loopback port, and a bridge serves the socket."""

    @property
    def name(self) -> str:
        """`worker.1`, as people say it."""
        return f"{self.process_type}.{self.index}"

    @property
    def unit(self) -> str:
        """`pushdeploy-my_blog.v12.worker.1`, without a unit type; web has no index."""
        stem = f"{unit_prefix(self.app)}.v{self.release}.{unit_safe(self.process_type)}"
        return stem if self.process_type == "web" else f"{stem}.{self.index}"


@dataclass(frozen=True, slots=True)
class UnitName:
    """What the name of an instance's unit says."""

    app: str
    release: int
    process_type: str
    """With `_` for `-`, as in the unit's name."""
    index: int


_UNIT = re.compile(
    r"pushdeploy-(?P<app>[a-z0-9_]+)\.v(?P<release>[0-9]+)\.(?P<type>\w+)(?:\.(?P<index>[0-9]+))?",
    re.ASCII,
)


def parse_unit(unit: str) -> UnitName | None:
    """The inverse of `Instance.unit`; `None` for units that are not instances, such as bridges."""
    match = _UNIT.fullmatch(unit)
    if match is None or (match["index"] is None and match["type"] != "web"):
        return None
    app = match["app"].replace("_", "-")
    return UnitName(app, int(match["release"]), match["type"], int(match["index"] or 1))


def front_of(app: str) -> str:
    """The unit of the app's front, which serves its port; without a type."""
    return f"{unit_prefix(app)}.front"


def wake_of(app: str) -> str:
    """The unit that will look after the app once, by `reconcile`; without a type."""
    return f"{unit_prefix(app)}.wake"


def bridge_of(unit: str) -> str:
    """The unit that hands the connections of a web unit on to its port.

    Asked for another unit, it names one that is never there.
    """
    return f"{unit.removesuffix('.web')}.bridge"


class State(StrEnum):
    """How an instance stands, as its supervisor sees it."""

    UP = "up"
    STARTING = "starting"
    STOPPING = "stopping"
    CRASHED = "crashed"
    """It ended by itself; the supervisor starts it again."""
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Status:
    """One instance as its supervisor sees it."""

    unit: str
    release: int
    process_type: str
    index: int
    state: State
    pid: int | None = None
    since: float | None = None
    """When it last came up, in epoch seconds."""
    restarts: int = 0
    ended: float | None = None
    """When it last ended, while there is no process."""
    slowed: bool = False
    """It waits long before it is restarted."""

    @property
    def name(self) -> str:
        """`worker.1`."""
        return f"{self.process_type}.{self.index}"

    @property
    def last_restart(self) -> float | None:
        """When it last fell, or was restarted after that; `None` when it never did."""
        return (self.ended or self.since) if self.restarts else None
