"""uv makes venvs (docs.astral.sh/uv): commands as values, and which Pythons are there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.python_version import PythonVersion
from pushdeploy.system import command
from pushdeploy.system.command import CLEAN_PATH, Command

if TYPE_CHECKING:
    from collections.abc import Sequence

SEARCHED = (Path("/usr/local/bin"), Path("/usr/bin"))
"""Where a server's Pythons are."""

SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Debian's ca-certificates."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that apps can be built with."""

    path: Path
    version: PythonVersion


def settings(cache: Path) -> tuple[tuple[str, str], ...]:
    """What uv is told by environment variables, beside how to reach the network.

    Copies, since hard links would join caches, venvs and apps. It trusts whom the machine
    trusts, as pip, git and curl do there.
    """
    return (
        *((("UV_SYSTEM_CERTS", "1"),) if SYSTEM_CERTIFICATES.exists() else ()),
        ("PATH", CLEAN_PATH),
        ("LANG", "C.UTF-8"),
        ("UV_CACHE_DIR", str(cache / "uv")),
        ("UV_LINK_MODE", "copy"),
        ("UV_PYTHON_DOWNLOADS", "never"),
        ("UV_NO_PROGRESS", "1"),
    )


def make_venv(uv: Path, python: Path, venv: Path) -> list[str]:
    """The command for an empty venv in an existing empty folder."""
    return [str(uv), "venv", "--quiet", "--allow-existing", f"--python={python}", str(venv)]


def install(uv: Path, venv: Path, requirements: Sequence[str], extra: Sequence[str]) -> list[str]:
    """The command that installs requirements files and extra packages, compiled to bytecode."""
    return [
        *(str(uv), "pip", "install", "--compile-bytecode", f"--python={venv / 'bin' / 'python'}"),
        *(f"--requirement={path}" for path in requirements),
        *extra,
    ]


def interpreter(path: Path) -> Interpreter:
    """The Python at a path.

    Raises:
        UnavailableError: it is none.
    """
    found = _interpreter(path)
    if found is None:
        raise UnavailableError(f"`{path}` is not a Python", hint="apt-get install python3")
    return found


def interpreters(preferred: Path) -> list[Interpreter]:
    """The Pythons of this machine; `preferred` (the server's own) first.

    Raises:
        UnavailableError: `preferred` is no Python.
    """
    found = [interpreter(preferred)]
    for folder in SEARCHED:
        for path in sorted(folder.glob("python3.*")):
            if re.fullmatch(r"python3\.\d+", path.name):
                other = _interpreter(path)
                if other and other.version not in {one.version for one in found}:
                    found.append(other)
    return found


def _interpreter(path: Path) -> Interpreter | None:
    try:
        said = command.attempt(Command([str(path), "-IS", "--version"]), seconds=10).stdout
    except UnavailableError:
        return None
    match = re.search(r"Python (\d+)\.(\d+)\.(\d+)", said)
    if match is None:
        return None
    return Interpreter(path, PythonVersion(int(match[1]), int(match[2]), int(match[3])))
