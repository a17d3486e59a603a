"""systemd's timers run an app's jobs by the clock (systemd.timer(5)).

The units lie in /run like all of an app's: a reboot leaves none, and the boot writes them again.
What systemd keeps of a timer with `Persistent=` is deleted whenever its schedule begins anew, so
that a run counts as missed only if the server was off.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.model.app import unit_prefix
from pushdeploy.model.cron_job import PROCESS_TYPE, by_hand_unit, parse_cron_unit
from pushdeploy.system.schedule_files import schedule_files
from pushdeploy.system.systemctl import systemctl
from pushdeploy.system.systemd import UNITS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pushdeploy.model.cron_job import TimedJob

STAMPS = Path("/var/lib/systemd/timers")
"""When a timer with `Persistent=` came last."""

TIMER = ".timer"


class SystemdSchedules:
    """A timer and a service for each job."""

    def __init__(self, units: Path = UNITS, stamps: Path = STAMPS) -> None:
        self._units = units
        self._stamps = stamps

    @property
    def refusal(self) -> str:
        """It always can."""
        return ""

    def apply(self, app: str, jobs: Sequence[TimedJob]) -> bool:
        """Stop timers that change or go, write, reload, start: each step again if it was killed."""
        wanted = {name: text for job in jobs for name, text in schedule_files(job)}
        there = {path.name for path in self._units.glob(f"{unit_prefix(app)}.{PROCESS_TYPE}.*")}
        if not wanted and not there:
            return False
        gone = there - wanted.keys()
        changed = {name for name in wanted if not self._is(name, wanted[name])}
        self._stop([name for name in (*gone, *(changed & there)) if name.endswith(TIMER)])
        for name in changed:
            self._write(name, wanted[name])
        for name in gone:
            (self._units / name).unlink(missing_ok=True)
        services = [name for name in gone if not name.endswith(TIMER)]
        if services:
            systemctl("reset-failed", *services, check=False)
        self._forget_times(app, wanted)
        if _out_of_date(wanted):
            systemctl("daemon-reload")
        timers = sorted(name for name in wanted if name.endswith(TIMER))
        if timers:
            systemctl("start", *timers)
        return bool(gone or changed)

    def running(self, app: str) -> set[str]:
        """The jobs that run now, by the clock or by hand."""
        pattern = f"{unit_prefix(app)}.{PROCESS_TYPE}*.service"
        words = ("--plain", "--no-legend", "--state=activating,active,deactivating")
        listed = systemctl("list-units", *words, "--", pattern, check=False).stdout
        units = [line.split()[0].removesuffix(".service") for line in listed.splitlines() if line]
        found = {parsed[1] for unit in units if (parsed := parse_cron_unit(unit))}
        by_hand = by_hand_unit(app, "")
        named = (unit.removeprefix(by_hand) for unit in units if unit.startswith(by_hand))
        return found | {name.replace("_", "-") for name in named}

    def _stop(self, timers: Sequence[str]) -> None:
        if timers:
            systemctl("stop", *timers, check=False)
        for timer in timers:
            (self._stamps / f"stamp-{timer}").unlink(missing_ok=True)

    def _forget_times(self, app: str, wanted: Collection[str]) -> None:
        """Of timers that went while nobody could stop them."""
        for stamp in self._stamps.glob(f"stamp-{unit_prefix(app)}.{PROCESS_TYPE}.*"):
            if stamp.name.removeprefix("stamp-") not in wanted:
                stamp.unlink(missing_ok=True)

    def _is(self, name: str, text: str) -> bool:
        try:
            return (self._units / name).read_text() == text
        except FileNotFoundError:
            return False

    def _write(self, name: str, text: str) -> None:
        path = self._units / name
        temporary = path.with_name(f".{name}.new")
        try:
            temporary.write_text(text)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def _out_of_date(units: Collection[str]) -> bool:
    """Whether systemd has loaded one of them as it was before."""
    if not units:
        return False
    said = systemctl("show", "--property=NeedDaemonReload", "--", *units, check=False).stdout
    return "NeedDaemonReload=yes" in said
