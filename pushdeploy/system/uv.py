"""uv makes venvs (docs.astral.sh/uv): commands as values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.python_version import PythonVersion, version_or_none
from pushdeploy.system import command
from pushdeploy.system.command import CLEAN_PATH, Command
from pushdeploy.system.resources import resource

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPILER = Path(__file__).with_name("compile_venv.py")
"""Run by the app's own Python."""

LIST_SECONDS = 10.0

NO_BUILD = "--no-build"
WHEELS_ALONE = (NO_BUILD, "--no-editable", "--no-compile-bytecode")
"""Editable projects would be built in spite of the first."""

OLD_BUILDS = (
    "UV_BUILD_CONSTRAINT",
    str(resource("templates") / "python" / "old-setuptools.txt"),
)
"""Has packages built by a setuptools that still has `pkg_resources`."""

INTO_CONDA = ("UV_BREAK_SYSTEM_PACKAGES", "1")
"""A Python of conda may say that others should leave it alone; this one is the app's."""

SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Debian's ca-certificates."""


def settings(cache: Path) -> tuple[tuple[str, str], ...]:
    """What uv is told by environment variables, beside how to reach the network.

    Copies, since hard links would join caches, venvs and apps. It trusts whom the machine
    trusts, as pip, git and curl do there. The cache is this one, whatever a repo's `uv.toml` says.
    """
    return (
        *((("UV_SYSTEM_CERTS", "1"),) if SYSTEM_CERTIFICATES.exists() else ()),
        ("PATH", CLEAN_PATH),
        ("LANG", "C.UTF-8"),
        ("UV_CACHE_DIR", str(cache)),
        ("UV_NO_CACHE", "0"),
        ("UV_LINK_MODE", "copy"),
        ("UV_PYTHON_DOWNLOADS", "never"),
        ("UV_NO_PROGRESS", "1"),
    )


def fetch_settings(scratch: str) -> tuple[tuple[str, str], ...]:
    """What uv is told as it fetches a Python; a mirror is named in its own settings."""
    return (
        *((("UV_SYSTEM_CERTS", "1"),) if SYSTEM_CERTIFICATES.exists() else ()),
        ("PATH", CLEAN_PATH),
        ("LANG", "C.UTF-8"),
        ("HOME", scratch),
        ("UV_CACHE_DIR", f"{scratch}/cache"),
        ("UV_NO_PROGRESS", "1"),
    )


def make_venv(uv: Path, python: Path, venv: Path) -> list[str]:
    """The command for an empty venv in an existing empty folder."""
    return [str(uv), "venv", "--quiet", "--allow-existing", f"--python={python}", str(venv)]


def install(uv: Path, venv: Path, wanted: Sequence[str]) -> list[str]:
    """The command that installs what these words of `uv pip install` name, compiled to bytecode.

    It runs the packages' code: builds of source distributions, and `.pth` files as it compiles.
    """
    return [*_install(uv, venv, "--compile-bytecode"), *wanted]


def install_wheels(uv: Path, venv: Path, wanted: Sequence[str]) -> list[str]:
    """The same from wheels alone, not compiled: no package's code runs (`forbid_builds` too)."""
    return [*_install(uv, venv, *WHEELS_ALONE), *wanted]


def export(uv: Path, venv: Path, pins: Path, chosen: Sequence[str] = ()) -> list[str]:
    """The command that writes what uv.lock has for production, and `chosen`, as requirements.

    Or as a pylock.toml, if the file's name says so. It reads the lock as it is, asks no index, and
    runs nothing.
    """
    form = "pylock.toml" if pins.name.startswith("pylock") else "requirements.txt"
    return [
        *(str(uv), "export", "--quiet", "--frozen", "--no-default-groups", "--no-header"),
        *("--no-annotate", f"--format={form}", f"--output-file={pins}"),
        *(f"--python={_python(venv)}", *chosen),
    ]


def change_wheels(uv: Path, venv: Path, wanted: Sequence[str]) -> list[str]:
    """The same in a venv that has packages: in the end it has those of a fresh one.

    What is wanted is resolved without a look at what is there (`--upgrade`).
    """
    options = ("--exact", "--upgrade", *WHEELS_ALONE)
    return [*_install(uv, venv, *options), *wanted]


def compile_wheels(python: Path, venv: Path) -> list[str]:
    """The command that compiles what is installed, without running any of it (`-S`: no site).

    By the Python that the venv is made with, not the venv's own: a wheel may bring a `pyvenv.cfg`,
    which says where that one finds its standard library.
    """
    return [str(python), "-I", "-S", str(COMPILER), str(venv)]


def fetch_wheels(uv: Path, python: Path, target: Path, pins: Sequence[str]) -> list[str]:
    """The command that has exact versions in the cache, and links to them in a folder."""
    return [
        *(str(uv), "pip", "install", "--quiet", "--no-build", "--no-deps"),
        *("--no-compile-bytecode", "--link-mode=symlink"),
        *(f"--target={target}", f"--python={python}", *pins),
    ]


def fetchable(uv: Path) -> list[PythonVersion]:
    """The newest of each minor version that uv could fetch for this machine, newest first.

    It knows them by heart; nothing is asked of the network unless its settings name a list there.
    """
    line = [str(uv), "python", "list", "--only-downloads", "--no-cache", "--output-format=json"]
    try:
        said = command.attempt(Command(line), seconds=LIST_SECONDS)
    except UnavailableError:
        return []
    return parse_fetchable(said.stdout)


def parse_fetchable(text: str) -> list[PythonVersion]:
    """The releases of CPython in uv's JSON: `implementation`, `variant`, `version` of each."""
    try:
        listed = json.loads(text)
    except ValueError:
        return []
    of_cpython = (
        version_or_none(str(one.get("version")))
        for one in listed
        if one.get("implementation") == "cpython" and one.get("variant") == "default"
    )
    return [version for version in of_cpython if version is not None]


def _install(uv: Path, venv: Path, *options: str) -> list[str]:
    return [str(uv), "pip", "install", *options, f"--python={_python(venv)}"]


def _python(venv: Path) -> Path:
    return venv / "bin" / "python"
