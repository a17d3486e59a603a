"""Which versions of Python a project says that it runs on: `>=3.11,<3.14`.

What packages say by `requires-python` (PEP 440, version specifiers) and Poetry by `^3.11`, of
releases alone: no app is run by an alpha of Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.model.python_version import PythonVersion

LONGEST = 200
"""Characters."""

_NUMBERS = r"(?P<numbers>(?:0|[1-9][0-9]{0,3})(?:\.(?:0|[1-9][0-9]{0,3})){0,2})"
_CLAUSE = re.compile(rf"(?P<sign>===?|!=|~=|<=|>=|<|>|\^|~)?\s*v?{_NUMBERS}(?P<any>\.\*)?")

Release = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PythonSpecifier:
    """A set of versions, as it was written."""

    text: str
    _clauses: tuple[Callable[[Release], bool], ...]

    def __str__(self) -> str:
        return self.text

    def matches(self, present: PythonVersion) -> bool:
        """Whether a Python that is present, with its patch, is one of them."""
        release = (present.major, present.minor, present.patch or 0)
        return all(clause(release) for clause in self._clauses)


def parse_specifier(text: str) -> PythonSpecifier | None:
    """The versions that a text says; `None` when it has another form, and when it says any.

    Args:
        text: `>=3.11,<3.14`, `~=3.11`, `==3.12.*`, or Poetry's `^3.11`, `~3.11`, `3.11`.
    """
    text = text.strip()
    if len(text) > LONGEST:
        return None
    clauses = []
    for part in filter(None, map(str.strip, text.split(","))):
        match = _CLAUSE.fullmatch(part)
        clause = None if match is None else _clause(match)
        if clause is None:
            return None
        clauses.append(clause)
    return PythonSpecifier(text, tuple(clauses)) if clauses else None


def _clause(match: re.Match[str]) -> Callable[[Release], bool] | None:
    sign = match["sign"] or "=="
    given = tuple(map(int, match["numbers"].split(".")))
    if match["any"] and sign not in ("==", "!="):
        return None
    if sign in ("==", "==="):
        return _prefix(given) if match["any"] or match["sign"] is None else _exactly(given)
    if sign == "!=":
        inside = _prefix(given) if match["any"] else _exactly(given)
        return lambda release: not inside(release)
    if sign in ("~=", "^", "~"):
        return _compatible(sign, given)
    return _compared(sign, _full(given))


def _compatible(sign: str, given: Release) -> Callable[[Release], bool] | None:
    """From this one on, as long as the first numbers stay."""
    if sign == "~=" and len(given) == 1:
        return None
    kept = {"~=": len(given) - 1, "^": 1, "~": min(2, len(given))}[sign]
    return lambda release: release >= _full(given) and release[:kept] == given[:kept]


def _compared(sign: str, other: Release) -> Callable[[Release], bool]:
    compare: dict[str, Callable[[Release], bool]] = {
        "<": lambda release: release < other,
        "<=": lambda release: release <= other,
        ">": lambda release: release > other,
        ">=": lambda release: release >= other,
    }
    return compare[sign]


def _prefix(given: Release) -> Callable[[Release], bool]:
    return lambda release: release[: len(given)] == given


def _exactly(given: Release) -> Callable[[Release], bool]:
    return lambda release: release == _full(given)


def _full(given: Release) -> Release:
    return (*given, 0, 0)[:3]
