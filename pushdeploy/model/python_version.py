"""Which Python an app asks for, and which of those present it gets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
        """Whether a Python that is present is what is asked for."""
        return (self.major, self.minor) == (present.major, present.minor) and self.patch in {
            None,
            present.patch,
        }


def parse_python_version(text: str) -> PythonVersion:
    """The version in a `.python-version`.

    Args:
        text: One line `3.13` or `3.13.2`; blank lines and lines that begin with `#` are skipped.

    Raises:
        RefusedInputError: It contains no version, several, or one of another form.
    """
    line = _only_line(text, PYTHON_VERSION)
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
        RefusedInputError: It contains no version, several, or one of another form.
    """
    line = _only_line(text, RUNTIME_TXT)
    match = _RUNTIME.fullmatch(line)
    if not match:
        raise _unknown(line, RUNTIME_TXT, "python-3.13")
    return _version(match)


def choose(wanted: PythonVersion | None, present: Iterable[PythonVersion]) -> PythonVersion:
    """The newest Python present that is what is asked for; None asks for any.

    Args:
        wanted: What the tree asks for.
        present: What the server has, each with its patch.

    Raises:
        RefusedInputError: None of them is; the message names those present.
    """
    versions = sorted(set(present), key=_key)
    fitting = [version for version in versions if wanted is None or wanted.matches(version)]
    if fitting:
        return fitting[-1]
    shown = ", ".join(str(version) for version in reversed(versions)) or "none"
    asked = f"Python `{wanted}`" if wanted else "a Python"
    newest = versions[-1] if versions else None
    raise RefusedInputError(
        f"the app asks for {asked}, which this server does not have; it has {shown}",
        hint=f"ask for `{newest.major}.{newest.minor}` in {PYTHON_VERSION}, or install it there"
        if newest
        else "install Python on the server: `sudo apt install python3 python3-venv`",
    )


def _key(version: PythonVersion) -> tuple[int, int, int]:
    return version.major, version.minor, -1 if version.patch is None else version.patch


def _only_line(text: str, file: str) -> str:
    refuse_longer(text, LONGEST_FILE, file)
    lines = [line.strip() for line in text.removeprefix("\ufeff").split("\n")]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise RefusedInputError(
            f"`{file}` contains no version", hint=f"write one into {file}, or remove the file"
        )
    if len(lines) > 1:
        listed = ", ".join(quoted(line) for line in lines[:3])
        raise RefusedInputError(
            f"`{file}` contains {len(lines)} versions: {listed}; an app runs on one",
            hint=f"keep one line in {file}",
        )
    return lines[0]


def _version(match: re.Match[str]) -> PythonVersion:
    major, minor, patch = match.groups()
    return PythonVersion(int(major), int(minor), None if patch is None else int(patch))


def _unknown(line: str, file: str, example: str) -> RefusedInputError:
    return RefusedInputError(
        f"`{file}` contains {quoted(line)}, which is not a version of CPython",
        hint=f"write it as `{example}` or `{example}.2` in {file}",
    )
