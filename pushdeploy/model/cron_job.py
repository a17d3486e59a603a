"""A job of an app that runs by the clock, as its release records it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING

from pushdeploy.model.app import unit_prefix
from pushdeploy.model.procfile import unit_safe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo
    from pathlib import Path

PROCESS_TYPE = "cron"
"""Where a job's output and instance name stand among those of process types: `cron.digest`."""

HEARTBEAT = "pushdeploy.programs.heartbeat"
"""The program that tells a heartbeat URL how a job does, run as the app."""

URL_VARIABLE = "PUSHDEPLOY_HEARTBEAT"
"""Where it finds the URL: on a command line everybody could read it."""

DEFAULT_ZONE = "UTC"

_UNIT = re.compile(r"pushdeploy-(?P<app>[a-z0-9_]+)\.cron\.(?P<name>[a-z0-9_]+)", re.ASCII)


class Concurrency(StrEnum):
    """What happens when a job is due while it still runs."""

    FORBID = "forbid"
    """The run that is due is left out."""
    REPLACE = "replace"
    """The one that runs is ended first."""


@dataclass(frozen=True, slots=True)
class CronJob:
    """One entry of `cron` in app.json, checked."""

    name: str
    """`[a-z][a-z0-9-]*`: as declared, or made from the command."""
    command: str
    """A line for the shell, or the name of a process type."""
    schedule: str
    """Five fields of cron, as written; `@daily` and the like are replaced by theirs."""
    words: str
    """The same in English: `At 03:00 every day`."""
    calendar: tuple[str, ...]
    """The same for systemd: values of `OnCalendar=`; it is due when any of them is."""
    timezone: str = DEFAULT_ZONE
    concurrency: str = Concurrency.FORBID
    catch_up: bool = False
    """A run that was missed while the server was off follows the boot, once."""
    heartbeat: str = ""
    """A URL, or `$NAME` for the config var that holds it."""
    maintenance: bool = False
    """The repo itself has it suspended."""

    @property
    def script(self) -> str:
        """The name of the release's start script for it; no process type has a dot in its name."""
        return f"{PROCESS_TYPE}.{self.name}"

    @property
    def heartbeat_script(self) -> str:
        """The name of the script that tells its heartbeat URL."""
        return f"heartbeat.{self.name}"


@dataclass(frozen=True, slots=True)
class TimedJob:
    """What the machine must know to run a job by the clock: values of ours, parsed to types."""

    app: str
    name: str
    calendar: tuple[str, ...]
    catch_up: bool
    replaces: bool
    script: Path
    """The start script of whatever release is live when it is due: below `current`."""
    heartbeat: Path | None
    home: Path
    shared: Path
    user: str
    runs: Path
    """Where it is noted how each run ended."""
    lock: Path
    """Held while somebody runs it by hand."""


def from_record(record: Mapping[str, object]) -> CronJob:
    """A job as `release.json` has it; the inverse of `dataclasses.asdict`."""
    values = {**record, "calendar": tuple(record["calendar"])}  # type: ignore[arg-type]
    return CronJob(**values)  # type: ignore[arg-type]


def zone_of(timezone: str) -> tzinfo:
    """A job's time zone; UTC where this machine has no data of it (any more)."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - only for who shows times

    if timezone == DEFAULT_ZONE:
        return UTC
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def cron_unit(app: str, name: str) -> str:
    """`pushdeploy-my_blog.cron.send_mail`, without a unit type; the same for each release."""
    return f"{unit_prefix(app)}.{PROCESS_TYPE}.{unit_safe(name)}"


def by_hand_unit(app: str, name: str) -> str:
    """The unit of a run that somebody asked for, without a type."""
    return f"{unit_prefix(app)}.cron_run.{unit_safe(name)}"


def parse_cron_unit(unit: str) -> tuple[str, str] | None:
    """App and name of the job whose unit this is; `None` for any other unit."""
    match = _UNIT.fullmatch(unit)
    if match is None:
        return None
    return match["app"].replace("_", "-"), match["name"].replace("_", "-")
