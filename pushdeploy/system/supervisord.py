"""supervisord as the supervisor of embedded mode: laptops, containers, any PID 1."""

from __future__ import annotations

import os
import socket
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from pushdeploy.errors import CommandFailedError, UnavailableError
from pushdeploy.model.instance import (
    Instance,
    State,
    Status,
    UnitName,
    bridge_of,
    front_of,
    parse_unit,
    wake_of,
)
from pushdeploy.model.job import BY_HAND, JOB_VARIABLE, Job, JobKind
from pushdeploy.model.log_line import Keeping, Kept
from pushdeploy.system import command, output_log, processes
from pushdeploy.system.command import CLEAN_PATH, Command
from pushdeploy.system.proxy_environment import network_settings
from pushdeploy.system.short_folder import make_own_folder
from pushdeploy.system.supervisord_daemon import RUNNING, Daemon, person
from pushdeploy.system.supervisord_program import Programs
from pushdeploy.system.terminal import run_at_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pushdeploy.model.job import Fed
    from pushdeploy.model.layout import Layout
    from pushdeploy.model.log_line import LogLine

STATES = {
    "STARTING": State.STARTING,
    "RUNNING": State.UP,
    "BACKOFF": State.CRASHED,
    "EXITED": State.CRASHED,
    "FATAL": State.CRASHED,
    "STOPPING": State.STOPPING,
}


class Supervisord:
    """The supervisor of embedded mode."""

    def __init__(self, layout: Layout, python: Path) -> None:
        self._layout = layout
        self._daemon = Daemon(layout.run / "supervisord", layout.log, python)
        self._programs = Programs(python, self._daemon.folder)

    def apply(self, instances: Sequence[Instance]) -> None:
        """Make programs known; one that runs keeps what it was started with."""
        programs: dict[str, str] = {}
        for instance in instances:
            if instance.socket is not None:
                for folder in (self._layout.run, *reversed(instance.socket.parents[:2])):
                    make_own_folder(folder)
            programs |= self._programs.instance(instance)
        if programs:
            self._daemon.put(programs)

    def listen(self, instances: Sequence[Instance]) -> None:
        """Nothing: a program opens its own, and our relay waits for it."""

    def start(self, instances: Sequence[Instance]) -> None:
        """Start what does not run, bridges first: they hold the sockets."""
        infos = self._daemon.infos()
        bridges = [bridge_of(one.unit) for one in instances if one.port is not None]
        for name in (*bridges, *(one.unit for one in instances)):
            if name not in infos or infos[name]["statename"] not in RUNNING:
                self._daemon.start(name)

    def stop(self, instances: Sequence[Instance]) -> None:
        """TERM to the main process, KILL to all that is left after the grace."""
        self._daemon.stop([name for one in instances for name in (one.unit, bridge_of(one.unit))])
        for one in instances:
            if one.socket is not None:
                one.socket.unlink(missing_ok=True)

    def forget(self, app: str, units: Sequence[str]) -> None:
        """Stop the programs and remove them."""
        self._daemon.remove([name for unit in units for name in (unit, bridge_of(unit))])
        for unit in units:
            found = parse_unit(unit)
            if found is not None and found.process_type == "web":
                self._layout.app(app).web_socket(found.release).unlink(missing_ok=True)

    def set_pause(self, unit: str, seconds: int) -> None:
        """Nothing: supervisord waits a second longer after each failed start, by itself."""

    def statuses(self, app: str) -> list[Status]:
        """What supervisord knows; nothing, when it does not run."""
        infos = self._daemon.infos()
        restarts = cast("dict[str, int]", self._daemon.call("pushdeploy.restarts") if infos else {})
        return [
            _status(found, infos[unit], restarts.get(unit, 0))
            for unit in sorted(infos)
            if (found := parse_unit(unit)) is not None and found.app == app
        ]

    def tail(self, instance: Instance, lines: int) -> list[str]:
        """From the app's file of output."""
        name = parse_unit(instance.unit)
        found = output_log.last_lines(
            self._output(instance.app), lines, lambda line: _unit_of(instance.app, line) == name
        )
        return [line.text for line in found]

    def logs(
        self, app: str, *, names: Collection[str], lines: int, follow: bool
    ) -> Iterator[LogLine | None]:
        """From the app's file of output."""
        path = self._output(app)
        new = output_log.new_lines(path, lambda line: line.of(names))
        next(new)
        yield from output_log.last_lines(path, lines, lambda line: line.of(names))
        if follow:
            yield from new

    def keeping(self) -> Keeping:
        """In files of ours, the newest megabytes."""
        return Keeping(Kept.LASTING)

    def can_bind(self) -> bool:
        """That takes root."""
        return False

    def once(self, job: Job, on_line: Callable[[str], None], fed: Fed | None = None) -> int:
        """Run a job as our child, marked as the app's."""
        try:
            line = self._job(job)
            return _status_of(command.stream(line, on_line, seconds=job.seconds, fed=fed))
        finally:
            processes.kill_marked(JOB_VARIABLE, self._mark(job.app, job.kind))

    def run(
        self,
        job: Job,
        descriptors: tuple[int, int, int],
        *,
        terminal: bool,
        left: Callable[[], bool],
    ) -> int:
        """Run a job as our child, with a terminal of its own in between when there is one."""
        line = self._job(job)
        if terminal:
            return _status_of(run_at_terminal(line, descriptors))
        stdin, stdout, stderr = descriptors
        child = command.start(line, stdin=stdin, stdout=stdout, stderr=stderr, new_session=True)
        return _status_of(command.wait(child, left, partial(command.hang_up, child)))

    def paused(self, app: str, seconds: float) -> AbstractContextManager[bool]:
        """Nobody would let them go on if we were killed."""
        return nullcontext(enter_result=False)

    def stop_jobs(self, app: str) -> None:
        """Kill builds and release phases, found by their mark."""
        for kind in (kind for kind in JobKind if kind not in BY_HAND):
            processes.kill_marked(JOB_VARIABLE, self._mark(app, kind))

    def open_front(self, app: str, port: int, live_socket: Path) -> None:
        """A relay that follows the link to the live socket with each connection."""
        name, root = front_of(app), self._layout.app(app).root
        target = str(live_socket.relative_to(root))
        text = self._programs.front(app, port, root, target)
        info = self._daemon.infos().get(name)
        if info and info["statename"] in RUNNING and self._daemon.path(name).read_text() == text:
            return
        self._daemon.remove([name])
        self._daemon.ensure()
        _refuse_taken(port)
        self._daemon.put({name: text})
        self._daemon.start(name)

    def close_front(self, app: str) -> None:
        """Stop the relay."""
        self._daemon.remove([front_of(app)])

    def end_all(self, app: str) -> None:
        """Kill jobs of every kind, found by their mark, and the program that waits."""
        self._daemon.remove([wake_of(app)])
        for kind in JobKind:
            processes.kill_marked(JOB_VARIABLE, self._mark(app, kind))

    def fronts(self) -> list[str]:
        """Apps that have a relay."""
        return [
            name.removesuffix(".front").removeprefix("pushdeploy-").replace("_", "-")
            for name in self._daemon.infos()
            if name.endswith(".front")
        ]

    def back_up(self, when: str) -> None:
        """Refuse: whoever keeps this machine has timers of their own."""
        if when:
            raise UnavailableError(
                "embedded mode has no timer for backups",
                hint="from cron or a systemd timer: pushdeploy backup:create",
            )

    def wake(self, app: str, seconds: float) -> None:
        """A program that sleeps first; it replaces an earlier one."""
        name = wake_of(app)
        self._daemon.remove([name])
        self._daemon.put({name: self._programs.wake(app, self._layout.state, seconds)})
        self._daemon.start(name)

    def shut_down(self) -> None:
        """End all that runs under this root; returns when it is gone."""
        self._daemon.shut_down()

    def _job(self, job: Job) -> Command:
        environment = {
            "PATH": CLEAN_PATH,
            "LANG": "C.UTF-8",
            "TERM": os.environ.get("TERM", "dumb"),
            **person(),
            **network_settings(os.environ),
            "HOME": str(job.home),
            JOB_VARIABLE: self._mark(job.app, job.kind),
            **dict(job.environment),
            **dict(job.private),
        }
        return Command(job.argv, environment=environment, folder=job.folder, umask=0o027)

    def _mark(self, app: str, kind: JobKind) -> str:
        return f"{self._layout.run / app}:{kind}"

    def _output(self, app: str) -> Path:
        return output_log.output_log(self._layout.app(app).log)


def _refuse_taken(port: int) -> None:
    """Look first: supervisord would only say that something failed.

    Raises:
        CommandFailedError: somebody listens on the port.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandFailedError(f"port {port}: {error.strerror}", status=1) from error


def _status(unit: UnitName, info: Mapping[str, Any], restarts: int) -> Status:
    return Status(
        unit=info["name"],
        release=unit.release,
        process_type=unit.process_type,
        index=unit.index,
        state=STATES.get(info["statename"], State.DOWN),
        pid=info["pid"] or None,
        since=float(info["start"]) or None,
        restarts=restarts,
        ended=None if info["pid"] else float(info["stop"]) or None,
    )


def _unit_of(app: str, line: LogLine) -> UnitName:
    return UnitName(app, line.release, line.process_type, line.index)


def _status_of(status: int) -> int:
    """As a shell says it: 128 and the signal."""
    return 128 - status if status < 0 else status
