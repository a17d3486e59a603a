"""The program nginx: what was built into it, testing its configuration, and reloading it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.nginx_file import named
from pushdeploy.system import command, processes
from pushdeploy.system.command import Command
from pushdeploy.system.systemctl import systemctl, unit_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.model.nginx_file import Directive

PROGRAM = "/usr/sbin/nginx"
"""Not everybody's PATH has its folder."""

SERVICE = "nginx.service"
PID_FILE = Path("/run/nginx.pid")
LEAVING = "shutting down"
"""In the title of a worker that takes no new connection."""

RELOAD_SECONDS = 15.0
"""It tries a port that is held for some seconds before it gives up."""

LOOK_SECONDS = 0.02


def is_there() -> bool:
    """True when the program is installed."""
    return Path(PROGRAM).exists()


def built() -> str:
    """What `nginx -V` prints: versions, and the options it was built with."""
    return command.run(Command([PROGRAM, "-V"])).stderr


def version(before: str, said: str) -> tuple[int, ...]:
    """The version that follows a word in `nginx -V`; `(0,)` when there is none.

    Args:
        before: `nginx/`, or `OpenSSL ` with its space.
        said: what `nginx -V` prints.
    """
    match = re.search(re.escape(before) + r"(\d+)\.(\d+)\.(\d+)", said)
    return tuple(int(part) for part in match.groups()) if match else (0,)


def test() -> None:
    """`nginx -t`.

    Raises:
        CommandFailedError: the configuration, ours or not, is broken.
    """
    command.run(Command([PROGRAM, "-t", "-q"]))


def reload_soon() -> None:
    """Have an nginx that runs take up who it is; not waited for: at boot it would wait for us."""
    systemctl("--no-block", "try-reload-or-restart", SERVICE)


def reload(others: Sequence[Directive]) -> None:
    """Have nginx take up its configuration, or start it; returns when it counts.

    nginx answers a reload before its new workers are there, and the old ones take connections for a
    moment longer.

    Args:
        others: what it reads of other people's files, which may say where its pid is written.

    Raises:
        CommandFailedError: it did not.
        UnavailableError: it goes on as it was, and has written to its log why.
    """
    before = set(workers(others))
    systemctl("reload-or-restart", SERVICE)
    deadline = time.monotonic() + RELOAD_SECONDS
    while time.monotonic() < deadline:
        now = workers(others)
        old = [pid for pid in before & set(now) if LEAVING not in now[pid]]
        if now and not old:
            return
        time.sleep(LOOK_SECONDS)
    if old:
        raise UnavailableError(
            f"nginx did not apply the change within {RELOAD_SECONDS:.0f} s",
            hint="sudo tail /var/log/nginx/error.log",
        )


def workers(others: Sequence[Directive]) -> dict[int, str]:
    """The titles of its workers by their numbers; none when it does not run."""
    try:
        return processes.children(int(_pid_file(others).read_text()))
    except (OSError, ValueError):
        return {}


def at_boot() -> str:
    """Whether systemd starts it: `enabled`, `disabled`, `masked`, … (systemctl(1))."""
    return unit_state(SERVICE, "enabled")


def _pid_file(others: Sequence[Directive]) -> Path:
    told = named(others, "pid")
    match = re.search(r"--pid-path=(\S+)", built())
    return Path(told[0].words[1] if told else match[1] if match else PID_FILE)
