"""Which Python an app asks for, and which of those present it gets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.text import quoted, refuse_longer

if TYPE_CHECKING:
    from collections.abc import Iterable

PYTHON_VERSION = ".python-version"
RUNTIME_TXT = "runtime.txt"
"""Heroku's older file; `.python-version` has taken its place."""

LONGEST_FILE = 4096
"""Characters: a version, and what somebody wrote about it."""

_NUMBER = r"(0|[1-9][0-9]{0,3})"
_VERSION = re.compile(rf"(?:cpython-)?{_NUMBER}\.{_NUMBER}(?:\.{_NUMBER})?")
_RUNTIME = re.compile(rf"python-{_NUMBER}\.{_NUMBER}(?:\.(?:{_NUMBER}|x))?")


class Wanted(Protocol):
    """What is asked for: a version, or a set of them."""

    def matches(self, present: PythonVersion) -> bool:
        """Whether a Python that is present is what is asked for."""


@dataclass(frozen=True, slots=True)
class PythonVersion:
    """A version of CPython; without a `patch`, any of that minor version."""

    major: int
    minor: int
    patch: int | None = None

    def __str__(self) -> str:
        patch = "" if self.patch is None else f".{self.patch}"
        return f"{self.major}.{self.minor}{patch}"

    def matches(self, present: PythonVersion) -> bool:
        """Whether a Python that is present is what is asked for, of whatever patch."""
        return (self.major, self.minor) == (present.major, present.minor)


def parse_python_version(text: str) -> PythonVersion:
    """The version in a `.python-version`.

    Args:
        text: Lines such as `3.13`, `3.13.2` or `cpython-3.13`, of which the first counts, as it
            does for pyenv; blank lines are skipped, and comments, which begin with `#`.

    Raises:
        RefusedInputError: It contains no version, or begins with one of another form.
    """
    line = _first_line(text, PYTHON_VERSION)
    match = _VERSION.fullmatch(line)
    if match:
        return _version(match)
    if _RUNTIME.fullmatch(line):
        raise RefusedInputError(
            f"`{PYTHON_VERSION}` contains {quoted(line)}, which is the format of `{RUNTIME_TXT}`",
            hint=f"write just `{line.removeprefix('python-').removesuffix('.x')}`",
        )
    raise _unknown(line, PYTHON_VERSION, "3.13")


def parse_runtime_txt(text: str) -> PythonVersion:
    """The version in a `runtime.txt`, Heroku's older file: `python-3.13`, `.2` or `.x` after it.

    Raises:
        RefusedInputError: It contains no version, or begins with one of another form.
    """
    line = _first_line(text, RUNTIME_TXT)
    match = _RUNTIME.fullmatch(line)
    if not match:
        raise _unknown(line, RUNTIME_TXT, "python-3.13")
    return _version(match)


def version_or_none(text: str) -> PythonVersion | None:
    """`3.13` or `3.13.2`; `None` for anything else."""
    match = _VERSION.fullmatch(text)
    return _version(match) if match else None


def newest(wanted: Wanted | None, present: Iterable[PythonVersion]) -> PythonVersion | None:
    """The newest Python present that is what is asked for; None asks for any.

    An exact patch stands for its minor version: which of them a server has changes with its
    updates, and no app that runs on one fails on the next.

    Args:
        wanted: What the tree asks for.
        present: What there is, each with its patch.
    """
    fitting = [version for version in present if wanted is None or wanted.matches(version)]
    return max(fitting, key=_key, default=None)


def missing(
    wanted: Wanted,
    file: str,
    present: Iterable[PythonVersion],
    fetchable: Iterable[PythonVersion],
) -> RefusedInputError:
    """None of those present is what is asked for; the message names them.

    Args:
        wanted: What the tree asks for.
        file: The file that says so.
        present: What the server has.
        fetchable: What it could fetch.
    """
    versions = sorted(set(present), key=_key, reverse=True)
    shown = ", ".join(map(str, versions)) or "none"
    text = f"`{file}` asks for Python `{wanted}`, which this server does not have; it has {shown}"
    fetched = newest(wanted, fetchable)
    if fetched is not None:
        hint = f"pushdeploy python:install {fetched.major}.{fetched.minor}"
        return RefusedInputError(text, hint=hint)
    text = f"{text}; nor can it be fetched"
    if not versions:
        return RefusedInputError(text, hint="sudo apt-get install python3 python3-venv")
    first = versions[0]
    return RefusedInputError(text, hint=f"ask for `{first.major}.{first.minor}` in {file}")


def _key(version: PythonVersion) -> tuple[int, int, int]:
    return version.major, version.minor, -1 if version.patch is None else version.patch


def _first_line(text: str, file: str) -> str:
    refuse_longer(text, LONGEST_FILE, file)
    lines = (line.partition("#")[0].strip() for line in text.removeprefix("\ufeff").split("\n"))
    first = next(filter(None, lines), None)
    if first is None:
        raise RefusedInputError(
            f"`{file}` contains no version", hint=f"write one into {file}, or remove the file"
        )
    return first


def _version(match: re.Match[str]) -> PythonVersion:
    major, minor, patch = match.groups()
    return PythonVersion(int(major), int(minor), None if patch is None else int(patch))


def _unknown(line: str, file: str, example: str) -> RefusedInputError:
    return RefusedInputError(
        f"`{file}` contains {quoted(line)}, which is not a version of CPython",
        hint=f"write it as `{example}` or `{example}.2` in {file}",
    )
