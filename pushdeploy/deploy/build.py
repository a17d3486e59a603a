"""Build: a venv from requirements.txt, keyed by all that defines it, made once, never changed."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from pushdeploy.deploy.venv import BUILD_SECONDS, COMPLETE, OUT_OF_MEMORY, OUT_OF_TASKS
from pushdeploy.errors import DeployFailedError
from pushdeploy.events import BuildOutput, BuildStarted, Built, GunicornAdded, PythonChosen, Report
from pushdeploy.model.gunicorn import mentions_gunicorn
from pushdeploy.model.instance import DEFAULT_MEMORY, DEFAULT_TASKS
from pushdeploy.model.job import Job, JobKind
from pushdeploy.model.python_version import choose, parse_python_version
from pushdeploy.model.requirements import names
from pushdeploy.model.size import format_size
from pushdeploy.system import files, processes, pythons, uv
from pushdeploy.system.faults import Point, reached

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.deploy.host import Host
    from pushdeploy.model.procfile import Procfile
    from pushdeploy.model.tree import Tree

VENV_FORMAT = "2"
"""Part of every venv's key; raised when we would make a venv differently."""

SAID_BEFORE = "Using Python "
"""What uv says of it has a path that is of no interest."""

BUILDER = "import sys; from pushdeploy.deploy.builder import main; sys.exit(main())"
"""Sooner under way than by `-m`."""

DISK_RESERVE = 256 << 20
"""Bytes that must be free before a build begins."""


@dataclass(frozen=True, slots=True)
class Venv:
    """A complete venv."""

    key: str
    python: str
    """`3.11.2`."""
    interpreter: str
    """`/usr/bin/python3.11`."""


def build(
    host: Host,
    app: str,
    tree: Tree,
    procfile: Procfile,
    report: Report,
    *,
    fresh: bool = False,
) -> Venv:
    """Make sure that the venv for this tree is there; a `fresh` one takes the place of none.

    Raises:
        DeployFailedError: the build failed; nothing that is live was touched.
        RefusedInputError: the Python that the tree asks for is not there.
    """
    began = host.monotonic()
    python = _python(host, tree, report)
    extra = _forgotten(tree, procfile)
    if extra:
        report(GunicornAdded())
    key = _usable_key(host.layout.app(app).venvs, tree, python, extra, fresh=fresh)
    venv = host.layout.app(app).venvs / key
    reused = (venv / COMPLETE).exists()
    if not reused:
        report(BuildStarted())
        _make(host, app, tree, python, venv, extra, report)
    report(Built(reused=reused, seconds=host.monotonic() - began))
    return Venv(key, str(python.version), str(python.path))


def _usable_key(
    venvs: Path, tree: Tree, python: pythons.Interpreter, extra: list[str], *, fresh: bool
) -> str:
    """The key of a venv that fits or is still to be made: one that is complete never changes."""
    version = python.version
    packages = f"lib/python{version.major}.{version.minor}"
    for again in count():
        key = venv_key(tree, f"{python.path} {version}", extra, again)
        venv = venvs / key
        fits = pythons.of_venv(venv) == python.path and list(venv.glob(f"{packages}*"))
        if not (venv / COMPLETE).exists() or (fits and not fresh):
            return key
    raise AssertionError  # there is always one more


def venv_key(tree: Tree, python: str, extra: list[str], again: int = 0) -> str:
    """A digest of everything that defines a venv."""
    parts = [
        *(VENV_FORMAT, python, os.uname().machine, _libc()),
        *(extra, sorted(tree.requirements.items()), tree.slug if tree.local else "", again),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def _libc() -> str:
    """`glibc 2.36` (confstr(3)); empty where there is another."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except ValueError:
        return ""


def _python(host: Host, tree: Tree, report: Report) -> pythons.Interpreter:
    own = host.server_python
    if not tree.python_version:
        found = pythons.interpreter(own)
        report(PythonChosen(str(found.version), "the server's own"))
        return found
    wanted = parse_python_version(tree.python_version)
    present = {one.version: one for one in pythons.interpreters(own)}
    chosen = choose(wanted, list(present))
    report(PythonChosen(str(chosen), "as the repo asks"))
    return present[chosen]


def _forgotten(tree: Tree, procfile: Procfile) -> list[str]:
    uses = any(mentions_gunicorn(line.command) for line in procfile.lines)
    listed = set().union(*(names(text) for text in tree.requirements.values()))
    return ["gunicorn"] if uses and "gunicorn" not in listed else []


def _make(
    host: Host,
    app: str,
    tree: Tree,
    python: pythons.Interpreter,
    venv: Path,
    extra: list[str],
    report: Report,
) -> None:
    place = host.layout.app(app)
    _refuse_full_disk(place.venvs)
    files.delete_tree(venv)
    host.accounts.own_venv(app, venv)
    reached(Point.BUILD_BEGUN)
    job = Job(
        app=app,
        kind=JobKind.BUILD,
        argv=(
            *(str(host.python), "-I", "-c", BUILDER),
            *(str(venv), str(place.slugs / tree.slug)),
            *(*uv.make_venv(host.uv, python.path, venv), "--"),
            *uv.install(host.uv, venv, ["requirements.txt"], extra),
        ),
        user=host.accounts.build_user(app),
        groups=(host.accounts.app_user(app),),
        folder=place.build_cache,
        home=place.build_cache,
        writable=(venv, place.build_cache),
        hidden=(place.releases, place.shared, place.home, place.pending_environment),
        environment=uv.settings(place.build_cache),
        seconds=BUILD_SECONDS,
    )

    def say(line: str) -> None:
        if not line.startswith(SAID_BEFORE):
            report(BuildOutput(line))

    began = host.monotonic()
    status = host.supervisor.once(job, say)
    reached(Point.BUILD_DONE)
    if status != 0 or not (venv / COMPLETE).exists():
        files.delete_tree(venv)
        raise _failed(status, host.monotonic() - began)


def _failed(status: int, seconds: float) -> DeployFailedError:
    if seconds >= BUILD_SECONDS:
        return DeployFailedError(
            f"the build was ended after {BUILD_SECONDS / 60:.0f} minutes, the longest it may take",
            hint="name packages in requirements.txt that come as wheels, commit, and push again",
        )
    if status == OUT_OF_MEMORY:
        return DeployFailedError(
            f"the build was killed: it needed more memory than the {DEFAULT_MEMORY} "
            "of the server's that one build may use",
            hint="name packages in requirements.txt that come as wheels, or add memory; free -h",
        )
    if status == OUT_OF_TASKS:
        return DeployFailedError(
            f"the build wanted more than {DEFAULT_TASKS} processes and threads at once",
            hint="mend the package that forks without end, commit, and push again",
        )
    return DeployFailedError(
        f"the packages of `requirements.txt` could not be installed (uv: status {status})",
        hint="mend requirements.txt, commit, and push again",
    )


def _refuse_full_disk(folder: Path) -> None:
    free = processes.free_disk(folder)
    if free < DISK_RESERVE:
        raise DeployFailedError(
            f"the disk is nearly full: {format_size(free)} are free under `{folder}`, "
            f"a build needs {format_size(DISK_RESERVE)}",
            hint="df -h; pushdeploy reconcile",
        )
