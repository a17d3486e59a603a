"""Which file of a repo says which Python it wants, and what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pushdeploy.model.python_specifier import parse_specifier
from pushdeploy.model.python_version import (
    PYTHON_VERSION,
    RUNTIME_TXT,
    Wanted,
    parse_python_version,
    parse_runtime_txt,
    version_or_none,
)
from pushdeploy.model.toml import parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable

PIPFILE = "Pipfile"
PYPROJECT = "pyproject.toml"

FILES = (PYTHON_VERSION, RUNTIME_TXT, PIPFILE, PYPROJECT)
"""In this order; the first that says anything counts."""

LONGEST_TOML = 1 << 20
"""Characters; longer ones are not looked into."""


@dataclass(frozen=True, slots=True)
class AskedPython:
    """What a repo asks for."""

    versions: str
    """`3.13`, `3.13.2`, or a specifier such as `>=3.11,<3.14`; empty when it does not ask."""
    file: str
    """Who says so; empty when nobody does."""

    @property
    def wanted(self) -> Wanted | None:
        """The same as a type."""
        return version_or_none(self.versions) or parse_specifier(self.versions)


def asked_python(read: Callable[[str], str | None]) -> AskedPython:
    """What the files of a repo ask for.

    Args:
        read: the text of one of `FILES`; `None` when the repo does not have it.

    Raises:
        RefusedInputError: a file that is there for this alone contains no version.
    """
    text = read(PYTHON_VERSION)
    if text is not None:
        return AskedPython(str(parse_python_version(text)), PYTHON_VERSION)
    text = read(RUNTIME_TXT)
    if text is not None:
        return AskedPython(str(parse_runtime_txt(text)), RUNTIME_TXT)
    for file, said in ((PIPFILE, _said_by_pipfile), (PYPROJECT, _said_by_pyproject)):
        table = _table(read(file))
        found = AskedPython(said(table), file)
        if found.wanted is not None:
            return found
    return AskedPython("", "")


def _table(text: str | None) -> dict[str, Any]:
    """What TOML says; nothing when it is broken, which others complain about."""
    if text is None or len(text) > LONGEST_TOML:
        return {}
    try:
        return parse_toml(text.removeprefix("\ufeff"))
    except ValueError:
        return {}


def _said_by_pipfile(table: dict[str, Any]) -> str:
    return _text(table, "requires", "python_full_version") or _text(
        table, "requires", "python_version"
    )


def _said_by_pyproject(table: dict[str, Any]) -> str:
    return _text(table, "project", "requires-python") or _text(
        table, "tool", "poetry", "dependencies", "python"
    )


def _text(table: object, *keys: str) -> str:
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table.strip() if isinstance(table, str) else ""
