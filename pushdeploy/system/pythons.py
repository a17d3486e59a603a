"""The Pythons of this machine: what each is, and by which name a venv should know it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pushdeploy.errors import UnavailableError
from pushdeploy.model.app_layout import COMPLETE
from pushdeploy.model.python_version import PythonVersion
from pushdeploy.system import command
from pushdeploy.system.command import Command

SEARCHED = (Path("/usr/local/bin"), Path("/usr/bin"))
"""Where a server's Pythons are."""

NAMED = re.compile(r"python3\.\d+t?")
"""A name that says which minor version it is."""

FETCHED = re.compile(r"cpython-(\d+)\.(\d+)\.(\d+)-[a-z0-9_.-]{1,60}")
"""What uv calls the folder of one: `cpython-3.14.2-linux-x86_64-gnu`."""

RECORDED = re.compile(r"python-(\d{1,3})\.(\d{1,3})\.(\d{1,3})-\w{1,80}\.json")
"""What conda notes of the Python that an environment has."""

SECONDS = 10.0

SAY = (
    "import json, sys; print('Python %d.%d.%d' % sys.version_info[:3], "
    "'python%d.%d' % sys.version_info[:2] + ('t' if 't' in sys.abiflags else ''))"
)
"""Needs the standard library too: Debian can leave an interpreter that has lost most of it."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that apps can be built with."""

    path: Path
    version: PythonVersion


@dataclass(frozen=True, slots=True)
class Running:
    """What an interpreter said of itself."""

    version: PythonVersion
    library: str
    """The folder below `lib` where it looks for a venv's packages: `python3.11`."""


def named(path: Path) -> Path:
    """The same interpreter by its versioned name: `/usr/bin/python3.11` for `/usr/bin/python3`.

    A venv that knows it by the other name is broken by the next system upgrade, which makes that
    another minor version. Where no name says a version, the file itself is taken.
    """
    seen = path
    for _ in range(40):  # as many links as the kernel follows (path_resolution(7))
        if NAMED.fullmatch(seen.name):
            return seen
        if not seen.is_symlink():
            break
        seen = Path(os.path.normpath(seen.parent / seen.readlink()))
    return Path(os.path.realpath(path))


def interpreter(path: Path) -> Interpreter:
    """The Python at a path, by its versioned name.

    Raises:
        UnavailableError: it is none.
    """
    found = _interpreter(named(path))
    if found is None:
        raise UnavailableError(f"`{path}` is not a Python", hint="apt-get install python3")
    return found


def interpreters(preferred: Path, own: Path | None = None) -> list[Interpreter]:
    """The Pythons of this machine; `preferred` (the server's own) first.

    Args:
        preferred: its interpreter.
        own: the folder of those that were fetched, which are not started for it.

    Raises:
        UnavailableError: `preferred` is not a Python.
    """
    found = [interpreter(preferred)]
    for folder in SEARCHED:
        for path in sorted(folder.glob("python3.*")):
            if NAMED.fullmatch(path.name):
                other = _interpreter(path)
                if other and other.version not in {one.version for one in found}:
                    found.append(other)
    for path, version in fetched(own) if own else ():
        if version not in {one.version for one in found}:
            found.append(Interpreter(path, version))
    return found


def fetched(folder: Path) -> list[tuple[Path, PythonVersion]]:
    """Those that are complete: each interpreter with its version, which its folder's name says."""
    found = []
    for path in sorted(folder.glob("cpython-*")):
        match = FETCHED.fullmatch(path.name)
        if match and (path / COMPLETE).exists():
            version = PythonVersion(int(match[1]), int(match[2]), int(match[3]))
            found.append((path / "bin" / f"python{version.major}.{version.minor}", version))
    return found


def of_venv(venv: Path) -> Path | None:
    """The interpreter that a venv names; its link is read, never followed: a build wrote it."""
    try:
        return Path(os.readlink(venv / "bin" / "python"))
    except OSError:
        return None


def of_environment(venv: Path) -> Interpreter | None:
    """The Python that a conda environment has itself; never started: a build wrote it.

    Its record's name has the version (`conda-meta/python-3.13.1-h123_0.json`), and `bin/python`
    must lead to the versioned name beside it.
    """
    try:
        folder = os.open(venv / "conda-meta", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            names = os.listdir(folder)
        finally:
            os.close(folder)
    except OSError:
        return None
    found = next(filter(None, map(RECORDED.fullmatch, names)), None)
    if found is None:
        return None
    version = PythonVersion(int(found[1]), int(found[2]), int(found[3]))
    path = venv / "bin" / f"python{version.major}.{version.minor}"
    link = of_venv(venv)
    return Interpreter(path, version) if link == Path(path.name) and is_there(path) else None


def is_there(path: Path) -> bool:
    """Whether there is something of that name; a link is not followed."""
    return os.path.lexists(path)


def running(path: Path) -> Running | None:
    """What the interpreter at this path says of itself; `None` when it is not there or can't run.

    It is started, once for each process of ours: so only for paths that no app has chosen.
    """
    try:
        facts = path.stat()
    except OSError:
        return None
    return _running(path, (facts.st_ino, facts.st_mtime_ns, facts.st_size))


@cache
def _running(path: Path, _: tuple[int, int, int]) -> Running | None:
    said = _said([str(path), "-IS", "-c", SAY])
    match = re.fullmatch(r"Python (\d+)\.(\d+)\.(\d+) (\S+)", said.strip())
    if match is None:
        return None
    return Running(PythonVersion(int(match[1]), int(match[2]), int(match[3])), match[4])


def _interpreter(path: Path) -> Interpreter | None:
    match = re.search(r"Python (\d+)\.(\d+)\.(\d+)", _said([str(path), "-IS", "--version"]))
    if match is None:
        return None
    return Interpreter(path, PythonVersion(int(match[1]), int(match[2]), int(match[3])))


def _said(argv: list[str]) -> str:
    """What a program prints; nothing when it can't be started."""
    try:
        return command.attempt(Command(argv), seconds=SECONDS).stdout
    except UnavailableError:
        return ""
