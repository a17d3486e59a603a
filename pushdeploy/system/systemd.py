"""systemd as the supervisor of a server (systemd.unit(5), systemd.socket(5), systemd-run(1)).

Release units live in /run: they are written at every start, none is ever enabled, and a reboot
leaves none behind. A unit file that is new needs no daemon-reload; one that changed does.
"""

from __future__ import annotations

import re
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.model.app import unit_prefix
from pushdeploy.model.cron_job import PROCESS_TYPE as CRON
from pushdeploy.model.instance import (
    Instance,
    State,
    Status,
    bridge_of,
    front_of,
    parse_unit,
    wake_of,
)
from pushdeploy.model.job import BY_HAND, Job, JobKind
from pushdeploy.system import command, files, job_files, journald, sockets
from pushdeploy.system.command import Command
from pushdeploy.system.pause import paused
from pushdeploy.system.systemctl import systemctl, transient, unit_state
from pushdeploy.system.unit_files import (
    client_sandbox,
    front_files,
    job_of,
    run_command,
    slice_of,
    unit_files,
)
from pushdeploy.system.unit_status import PROPERTIES, STATES, named_status, read_statuses

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    from pushdeploy.model.job import Fed
    from pushdeploy.model.log_line import Keeping, LogLine

UNITS = Path("/run/systemd/system")
RESTART = re.compile(r"^RestartSec=.*$", re.MULTILINE)
STOP_SECONDS = 120.0
"""More than the longest grace."""

SOCKET_SECONDS = 5.0
SOCKET_LOOK_SECONDS = 0.002

LOOPBACK_ADDRESSES = ("127.0.0.1", "[::1]")

STOP_TRIES = 3
"""A service that crashes as it is stopped may be started again by what was queued before."""

RUNNING = (State.UP, State.STARTING, State.STOPPING)


class Systemd:
    """The supervisor of a server."""

    def __init__(self, units: Path = UNITS, socket_seconds: float = SOCKET_SECONDS) -> None:
        self._units = units
        self._socket_seconds = socket_seconds
        self._made: set[str] = set()  # unit files that systemd has not been asked to start yet

    def apply(self, instances: Sequence[Instance]) -> None:
        """Write unit files; a change of one that is loaded is made known to systemd."""
        changed = False
        for instance in instances:
            for name, text in unit_files(instance):
                changed |= self._write(name, text)
        if changed:
            systemctl("daemon-reload")

    def listen(self, instances: Sequence[Instance]) -> None:
        """Start the sockets alone; who connects starts what is behind them."""
        units = [f"{one.unit}.socket" for one in instances if one.socket]
        if units:
            systemctl("start", *units)

    def start(self, instances: Sequence[Instance]) -> None:
        """Start sockets and services of what does not run, waiting for the sockets alone.

        Asked for both, systemd starts a socket before its service.
        """
        stopped = [one for one in instances if not self._runs(one)]
        units = {f"{one.unit}.socket": one.socket for one in stopped if one.socket}
        if stopped:
            services = (f"{one.unit}.service" for one in stopped)
            systemctl("start", "--no-block", *units, *services)
        if not _appear(units.values(), self._socket_seconds):
            systemctl("start", *units)  # says why one can't
        self._made.clear()

    def _runs(self, instance: Instance) -> bool:
        unit = f"{instance.unit}.service"
        return unit not in self._made and _state(unit) is State.UP

    def stop(self, instances: Sequence[Instance]) -> None:
        """Stop services first: a listening socket would start its service again."""
        self._stop([one.unit for one in instances])

    def forget(self, app: str, units: Sequence[str]) -> None:
        """Stop the units and delete their files."""
        if not units:
            return
        for _ in range(STOP_TRIES):
            self._stop(units)
            if not _any_runs(units):
                break
        all_units = [*units, *(bridge_of(unit) for unit in units if self._has_bridge(unit))]
        for unit in all_units:
            for kind in ("service", "socket"):
                (self._units / f"{unit}.{kind}").unlink(missing_ok=True)
        systemctl("reset-failed", *(f"{unit}.service" for unit in all_units), check=False)

    def statuses(self, app: str) -> list[Status]:
        """What systemd has loaded, and what has a unit file."""
        pattern = f"{unit_prefix(app)}.v*.service"
        found = {status.unit: status for status in loaded(pattern)}
        for file in self._units.glob(pattern):
            unit = file.name.removesuffix(".service")
            name = parse_unit(unit)
            if name and unit not in found:
                found[unit] = named_status(unit, name, State.DOWN)
        return [found[unit] for unit in sorted(found)]

    def tail(self, instance: Instance, lines: int) -> list[str]:
        """From the journal: only what the processes printed, not what systemd says of them."""
        return journald.tail(instance.unit, lines)

    def logs(
        self, app: str, *, names: Collection[str], lines: int, follow: bool
    ) -> Iterator[LogLine | None]:
        """From the journal."""
        found = self._units.glob(f"{unit_prefix(app)}.{CRON}.*.service")
        jobs = sorted(path.name for path in found)
        return journald.logs(app, names=names, lines=lines, follow=follow, jobs=jobs)

    def keeping(self) -> Keeping:
        """As the journal is configured."""
        return journald.keeping()

    def can_bind(self) -> bool:
        """By a mount of its own (systemd.exec(5))."""
        return True

    def once(self, job: Job, on_line: Callable[[str], None], fed: Fed | None = None) -> int:
        """Run a job in a transient unit of its own and wait for it."""
        unit = job_of(job)
        with job_files.written(unit, job.argv, job.user, private=job.private):
            line = run_command(job, unit, "--pipe")
            ended = command.stream(line, on_line, seconds=job.seconds + 30, fed=fed)
            return job_files.status(unit, ended)

    def run(
        self,
        job: Job,
        descriptors: tuple[int, int, int],
        *,
        terminal: bool,
        left: Callable[[], bool],
    ) -> int:
        """Run a job in a transient unit, connected to the descriptors or to a terminal of its own.

        The journal gets nothing of what it prints.
        """
        stdin, stdout, stderr = descriptors
        unit = job_of(job)
        with job_files.written(unit, job.argv, job.user):
            line = run_command(job, unit, "--pty" if terminal else "--pipe")
            child = command.start(line, stdin=stdin, stdout=stdout, stderr=stderr)
            hang_up = partial(systemctl, "kill", "--signal=HUP", f"{unit}.service", check=False)
            ended = command.wait(child, left, hang_up)
            return job_files.status(unit, ended)

    def paused(self, app: str, seconds: float) -> AbstractContextManager[bool]:
        """Freeze the app's slice."""
        return paused(app, seconds)

    def stop_jobs(self, app: str) -> None:
        """Stop builds and release phases of the app; delete what was not finished, or is left."""
        files.delete_unfinished(self._units, f"{unit_prefix(app)}.*")
        kinds = [kind for kind in JobKind if kind not in BY_HAND]
        units = [f"{unit_prefix(app)}.{kind}.service" for kind in kinds]
        if any(_state(unit) is not State.DOWN for unit in units):
            systemctl("stop", *units, check=False, seconds=STOP_SECONDS)
            systemctl("reset-failed", *units, check=False)
        job_files.sweep(f"{unit_prefix(app)}.*", lambda unit: _any_runs([unit]))

    def open_front(self, app: str, port: int, live_socket: Path) -> None:
        """Listen on the app's port; a right front is left alone."""
        unit = front_of(app)
        up = _state(f"{unit}.socket") is State.UP
        addresses = self._front_addresses(f"{unit}.socket", port, up=up)
        wanted = front_files(app, port, live_socket, addresses)
        changed = [name for name, text in wanted if self._write(name, text)]
        if changed:
            systemctl("daemon-reload")
            systemctl("stop", f"{unit}.service", f"{unit}.socket", check=False)
            up = False
        if not up:
            systemctl("stop", f"{unit}.service", check=False)
            systemctl("start", f"{unit}.socket")

    def _front_addresses(self, socket: str, port: int, *, up: bool) -> list[str]:
        """Both that `localhost` may mean, so that nobody else is met there.

        Where this machine has no IPv6, or somebody else has the port there, the first alone: a
        front that does not start would be worse.
        """
        first, second = (f"{address}:{port}" for address in LOOPBACK_ADDRESSES)
        path = self._units / socket
        has_both = up and path.exists() and f"ListenStream={second}\n" in path.read_text()
        free = has_both or sockets.bound("::1", port) == 0
        return [first, second] if free else [first]

    def close_front(self, app: str) -> None:
        """Stop listening on the app's port."""
        unit = front_of(app)
        systemctl("stop", f"{unit}.service", f"{unit}.socket", check=False)
        for file in self._units.glob(f"{unit}.*"):
            file.unlink(missing_ok=True)

    def end_all(self, app: str) -> None:
        """Stop the timer and the slice, with whatever is in it."""
        systemctl("stop", f"{wake_of(app)}.timer", slice_of(app), check=False, seconds=120)

    def fronts(self) -> list[str]:
        """Apps whose front has a unit file."""
        return [
            file.name.split(".")[0].removeprefix("pushdeploy-").replace("_", "-")
            for file in self._units.glob("pushdeploy-*.front.socket")
        ]

    def wake(self, app: str, seconds: float) -> None:
        """A transient timer that runs `pushdeploy reconcile` for the app."""
        unit = wake_of(app)
        systemctl("stop", f"{unit}.timer", check=False)
        options = [
            f"--unit={unit}",
            f"--on-active={seconds:.0f}",
            "--timer-property=AccuracySec=1s",
            *(f"--property={line}" for line in client_sandbox()),
        ]
        asked = ["/usr/local/bin/pushdeploy", "reconcile", "--app", app]
        command.attempt(Command(transient(options, asked)))

    def back_up(self, when: str) -> None:
        """By a timer of the server's own."""
        from pushdeploy.system.backup_timer import schedule_backups  # noqa: PLC0415 - seldom

        schedule_backups(when)

    def set_pause(self, unit: str, seconds: int) -> None:
        """In its file, until that is written again; what already waits goes by it too."""
        path = self._units / f"{unit}.service"
        text = RESTART.sub(f"RestartSec={seconds}", path.read_text())
        if self._write(path.name, text):
            systemctl("daemon-reload")

    def _stop(self, units: Sequence[str]) -> None:
        """Stop all at once.

        A socket in whose queue somebody waits would start its service again, but not while its own
        stop is scheduled, and systemd stops it after the service. A bridge goes last: over it the
        app says goodbye to those who are still connected.
        """
        if units:
            services = [f"{unit}.service" for unit in units]
            names = [f"{unit}.socket" for unit in units]
            there = [name for name in names if (self._units / name).exists()]
            systemctl("stop", *services, *there, check=False, seconds=STOP_SECONDS)
            bridges = [f"{bridge_of(unit)}.service" for unit in units if self._has_bridge(unit)]
            if bridges:
                systemctl("stop", *bridges, check=False, seconds=STOP_SECONDS)

    def _has_bridge(self, unit: str) -> bool:
        return (self._units / f"{bridge_of(unit)}.service").exists()

    def _write(self, name: str, text: str) -> bool:
        """True when a unit that systemd may have read before has changed."""
        path = self._units / name
        known = path.exists()
        if known and path.read_text() == text:
            return False
        if not known:
            self._made.add(name)
        temporary = path.with_name(f".{name}.new")
        try:
            temporary.write_text(text)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        return known


def loaded(pattern: str = "pushdeploy-*.v*.service") -> Iterator[Status]:
    """The instances that systemd has loaded, of all apps unless the pattern is of one."""
    return read_statuses(systemctl("show", "--property", PROPERTIES, "--", pattern).stdout)


def _appear(paths: Collection[Path], seconds: float) -> bool:
    """Wait for files; False when not all came."""
    end = time.monotonic() + seconds
    while not all(path.exists() for path in paths):
        if time.monotonic() > end:
            return False
        time.sleep(SOCKET_LOOK_SECONDS)
    return True


def _any_runs(units: Sequence[str]) -> bool:
    said = systemctl("is-active", *(f"{unit}.service" for unit in units), check=False).stdout
    return any(STATES.get(word, State.DOWN) in RUNNING for word in said.split())


def _state(unit: str) -> State:
    return STATES.get(unit_state(unit), State.DOWN)
