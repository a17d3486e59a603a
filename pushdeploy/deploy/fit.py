"""Fit: whether a release's venv still has the Python that it was made with.

The one place that says so. Whoever starts, restarts, rolls back, boots or reconciles asks here
before anything stops or starts: what runs goes on without its interpreter's file, and can't come
back.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.system import pythons

if TYPE_CHECKING:
    from pushdeploy.deploy.machine import Machine
    from pushdeploy.model.release import Release

SYSTEM_PYTHON = re.compile(r"/usr/(?:local/)?bin/python3(?:\.\d+t?)?")
"""What the link of a venv may name, that we start it to ask: a build could have written any."""


def misfit(machine: Machine, release: Release) -> str | None:
    """Why a release can't be started any more, in words; `None` when its venv fits.

    Cheap: a link is read, and an interpreter is started once for all releases that have it.
    """
    venv = machine.layout.app(release.app).venvs / release.venv
    path = _interpreter(machine, release, venv)
    if path is None:
        return None
    wanted = ".".join(release.python.split(".")[:2])
    built = f"v{release.number} was built for Python {wanted}"
    running = pythons.running(path)
    if running is None:
        what = "does not run" if path.exists() else "is gone"
        return f"{built}: `{path}` {what}"
    if f"{running.version.major}.{running.version.minor}" != wanted:
        return f"{built}: `{path}` is Python {running.version} now"
    if not (venv / "lib" / running.library).is_dir():
        return f"{built}: its venv has no `lib/{running.library}`"
    return None


def _interpreter(machine: Machine, release: Release, venv: Path) -> Path | None:
    """The interpreter of the record; for a record of a former version, that of the venv's link."""
    if release.interpreter:
        return Path(release.interpreter)
    link = pythons.of_venv(venv)
    if link is None or not (SYSTEM_PYTHON.fullmatch(str(link)) or link == machine.server_python):
        return None
    return link


def hint(app: str) -> str:
    """The command that helps."""
    return f"pushdeploy rebuild --app {app}"
