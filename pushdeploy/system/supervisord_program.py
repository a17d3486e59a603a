"""How things are described to supervisord (supervisord.org/configuration.html)."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.instance import (
    DEFAULT_FILES,
    STOP_GRACE_SECONDS,
    Instance,
    bridge_of,
    front_of,
    wake_of,
)
from pushdeploy.system.command import CLEAN_PATH
from pushdeploy.system.rendering import render
from pushdeploy.system.supervisord_daemon import MARK, person

if TYPE_CHECKING:
    from collections.abc import Sequence

BACKLOG = 4096

FILES = f'ulimit -S -n {DEFAULT_FILES} 2>/dev/null || ulimit -S -n "$(ulimit -H -n)"; '
START = FILES + 'exec "$@"'
START_WITH_SOCKET = FILES + 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&0 0</dev/null'
"""supervisord hands the listening socket over as fd 0; this makes it sd_listen_fds(3)'s."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of one supervisord, each a name and a section of its configuration."""

    python: Path
    """The interpreter that has pushdeploy."""
    folder: Path
    """supervisord's own; it marks all that it runs."""

    def instance(self, instance: Instance) -> dict[str, str]:
        """An instance, and its bridge when it has a port."""
        url = f"unix://{instance.socket}" if instance.socket else None
        bridged = instance.port is not None
        shell = START_WITH_SOCKET if url and not bridged else START
        environment = self._environment(("HOME", str(instance.home)), *instance.environment)
        argv = [*environment, "/bin/sh", "-c", shell, "start"]
        argv += [*_end_with_parent(), str(instance.script)]
        programs = {instance.unit: program(instance.unit, argv, None if bridged else url)}
        if bridged:
            bridge = bridge_of(instance.unit)
            programs[bridge] = program(bridge, self._relay(Path("/"), str(instance.port)), url)
        return programs

    def front(self, app: str, port: int, folder: Path, target: str) -> str:
        """A relay from a port of the loopback to a socket that is looked up in a folder."""
        return program(front_of(app), self._relay(folder, target), f"tcp://127.0.0.1:{port}")

    def wake(self, app: str, root: Path, seconds: float) -> str:
        """A program that sleeps and then becomes `pushdeploy reconcile`: nothing of ours polls."""
        reconcile = [
            str(self.python),
            "-I",
            "-m",
            "pushdeploy.programs.command_line",
            "reconcile",
            "--app",
            app,
        ]
        ending = _end_with_parent()
        sleep = shlex.join([*ending, "sleep", f"{seconds:.0f}"]) + ' && exec "$@"'
        environment = self._environment(("PUSHDEPLOY_HOME", str(root)))
        argv = [*environment, *ending, "/bin/sh", "-c", sleep, "wake", *reconcile]
        return program(wake_of(app), argv, restart=False)

    def _relay(self, folder: Path, target: str) -> list[str]:
        """The command line of `pushdeploy.system.relay`."""
        line = [str(self.python), "-I", "-m", "pushdeploy.system.relay", str(folder), target]
        return [*self._environment(), *_end_with_parent(), *line]

    def _environment(self, *values: tuple[str, str]) -> list[str]:
        """All that a program gets: supervisord's own variables are none of its business."""
        whole = {
            "PATH": CLEAN_PATH,
            "LANG": "C.UTF-8",
            **person(),
            MARK: str(self.folder),
            **dict(values),
        }
        return ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in whole.items())]


def program(
    name: str, argv: Sequence[str], listen: str | None = None, *, restart: bool = True
) -> str:
    """One section of supervisord's configuration.

    Args:
        name: of the program and its group.
        argv: the command.
        listen: `unix://PATH` or `tcp://HOST:PORT`, to get that listening socket as stdin.
        restart: whenever it ends.
    """
    return render(
        "supervisord/program.conf.j2",
        name=name,
        command=quoted(argv),
        socket=listen and listen.replace("%", "%%"),
        backlog=BACKLOG,
        restart=restart,
        stop_grace=STOP_GRACE_SECONDS,
    )


def quoted(argv: Sequence[str]) -> str:
    """As supervisord reads a command: comments begin at a space and `;` or `#`, `%` is its own.

    Raises:
        UnavailableError: a word holds a line's end, which it has no way to write.
    """
    text = shlex.join(argv)
    if "\n" in text or "\r" in text:
        raise UnavailableError("supervisord can't use a folder with a line's end in its name")
    for sign in ";#":
        text = text.replace(f" {sign}", f" '\"{sign}\"'")
    return text.replace("%", "%%")


def _end_with_parent() -> list[str]:
    """TERM when supervisord is killed, so that nothing is left that nobody knows (setpriv(1))."""
    found = shutil.which("setpriv", path=CLEAN_PATH)
    return [found, "--pdeathsig=TERM"] if found else []
