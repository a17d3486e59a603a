"""A venv: what is installed into it, and when it counts as complete."""

from __future__ import annotations

import os
import time
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from pushdeploy.model.app_layout import COMPLETE
from pushdeploy.system import refused_forks
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.files import sync_filesystem, sync_folder
from pushdeploy.system.resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable

SOCKET = resource("templates") / "python" / "pushdeploy_socket.py"
"""Has the usual servers take the socket, in every Python of the venv."""

START = SOCKET.with_name("pushdeploy_start.py")
"""The same as `AT_START`, for Pythons from 3.15 on, whose `.start` files name a function."""

UV_LOCK = ".lock"
"""uv's, while it works; everybody might write into it."""

AT_START = (
    "import os; os.environ.get('LISTEN_FDS') and "
    "(os.environ.update(LISTEN_PID=str(os.getpid())), __import__('pushdeploy_socket'))\n"
)
"""gunicorn takes the socket only when `LISTEN_PID` is its own pid (sd_listen_fds(3)), and a shell
or a launcher in between breaks that; other servers have to be told to take it at all. This line in
a `.pth` file (site) does both at start-up."""

OUT_OF_MEMORY = 201
OUT_OF_TASKS = 202
"""What this program exits with when a limit of its sandbox ended the build."""

REFUSALS = 1000
"""Processes that a build may be refused. Some programs try a few times more, and uv waits for a
package's build until the last of its processes has ended: those of a fork bomb never do."""

LOOK_SECONDS = 1.0

BUILD_SECONDS = 1200.0
"""A slow network and a package that compiles."""


def finish(venv: str, installed: Callable[[], int]) -> int:
    """Wait until uv has filled a venv, and complete it; returns the build's exit status.

    Args:
        venv: its folder.
        installed: waits for uv, which runs already, and returns its exit status.
    """
    before = refused_forks.hits()
    Thread(target=end_bomb, args=(lambda: refused_forks.hits().since(before),), daemon=True).start()
    status = installed()
    if status == 0:
        _complete(Path(venv))
    return explained(status, refused_forks.hits().since(before))


def _complete(venv: Path) -> None:
    for packages in venv.glob("lib/python3*/site-packages"):
        for module in (SOCKET, START):
            (packages / module.name).write_text(module.read_text())
        (packages / "pushdeploy_socket.pth").write_text(AT_START)
        (packages / "pushdeploy_socket.start").write_text("pushdeploy_start:begin\n")
    (venv / UV_LOCK).unlink(missing_ok=True)
    reached(Point.BUILD_INSTALLED)
    sync_filesystem(venv)
    (venv / COMPLETE).write_text("")
    reached(Point.BUILD_COMPLETE)
    sync_folder(venv)


def end_bomb(look: Callable[[], refused_forks.Hits], every: float = LOOK_SECONDS) -> None:
    """Exit when the build has been refused too many processes; systemd ends the others."""
    while look().refused_forks < REFUSALS:
        time.sleep(every)
    os._exit(OUT_OF_TASKS)


def explained(status: int, hits: refused_forks.Hits) -> int:
    """The exit status that names the limit, when it was a limit that made the build fail."""
    if status != 0 and hits.killed:
        return OUT_OF_MEMORY
    if status != 0 and hits.refused_forks:
        return OUT_OF_TASKS
    return status
