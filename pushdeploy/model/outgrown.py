"""A package at a version that is older than the Python it is built for, by what it printed.

Nothing that is installed on the server helps there. Sources: the "What's New" of each Python,
what the packages' builds print, and what psycopg publishes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.model.python_version import PythonVersion

LONGEST = 2000
"""Characters of a line that are looked at."""

USUAL = 11
"""The Python 3 that most versions with pins of the last years have wheels for."""

SAID = (
    (10, re.compile(r"fatal error: longintrepr\.h: No such file")),
    (10, re.compile(r"PyThreadState.{0,60}has no member named .{0,3}(?:exc_|curexc_|use_tracing)")),
    (10, re.compile(r"cannot import name '(?:formatargspec|getargspec)' from 'inspect'")),
    (11, re.compile(r"No module named '(?:imp|asynchat|asyncore|smtpd)'")),
    (11, re.compile(r"'pkgutil' has no attribute 'ImpImporter'")),
    (11, re.compile(r"'configparser' has no attribute 'SafeConfigParser'")),
    (11, re.compile(r"'RawConfigParser' object has no attribute 'readfp'")),
    (12, re.compile(r"function .{0,3}_PyInterpreterState_Get\b")),
    (12, re.compile(r"too few arguments to function .{0,3}_PyLong_AsByteArray")),
    (11, re.compile(r"'EntryPoints' object has no attribute 'get'")),
    (12, re.compile(r"directly inherits TypingOnly but has additional attributes")),
    (13, re.compile(r"module 'pkgutil' has no attribute '(?:find|get)_loader'")),
    (13, re.compile(r"module 'ast' has no attribute '(?:Str|Num|NameConstant)'")),
    (9, re.compile(r"'collections' has no attribute '(?:Mutable)?(?:Mapping|Sequence|Set)'")),
    (
        9,
        re.compile(r"cannot import name '(?:Mutable)?(?:Mapping|Sequence|Set)' from 'collections'"),
    ),
    (12, re.compile(r"No module named '(?:cgi|crypt|pipes|telnetlib|imghdr)'")),
)
"""The last Python 3 where it works, and how a build or an app fails on a later one."""

_PYO3 = re.compile(r"newer than PyO3's maximum supported version \(3\.(?P<last>\d{1,2})\)")
_BUILT = re.compile(
    r"Failed to build [`'\"]?(?P<name>[\w.-]{1,100})(?:==(?P<version>[\w.]{1,40}))?"
)

PSYCOPG = (
    ((2, 9, 2), 9),
    ((2, 9, 5), 10),
    ((2, 9, 9), 11),
    ((2, 9, 10), 12),
    ((2, 9, 11), 13),
)
"""Versions below that one have wheels up to this Python 3, and do not compile for a later one."""

WHEELED = frozenset(
    {
        *("aiohttp", "asyncpg", "bcrypt", "brotli", "cffi", "frozenlist", "gevent", "greenlet"),
        *("grpcio", "httptools", "lxml", "matplotlib", "msgpack", "multidict", "numpy", "orjson"),
        *("pandas", "pillow", "psycopg2-binary", "pydantic-core", "pyyaml", "regex"),
        *("scikit-learn", "scipy", "ujson", "uvloop", "wrapt", "yarl", "zstandard"),
    }
)
"""They have wheels for each Python of their time: one that is built is older than the Python."""


@dataclass(frozen=True, slots=True)
class Outgrown:
    """A package that the Python is too new for."""

    package: str
    """`psycopg2-binary 2.9.9`, or the name alone."""
    last: str
    """`3.12`: the newest Python that is known to do."""


def find_outgrown(lines: Iterable[str], running: PythonVersion) -> Outgrown | None:
    """The package that failed to build since the Python is newer; None when it is something else.

    Args:
        lines: what the build printed.
        running: the Python that it was built for.
    """
    text = "\n".join(line[:LONGEST] for line in lines)
    built = _BUILT.search(text)
    if built is None:
        return None
    name = re.sub(r"[-_.]+", "-", built["name"]).lower()
    version = built["version"] or ""
    last = last_known(text) or _of_psycopg(name, version) or (USUAL if name in WHEELED else 0)
    if not last or last >= running.minor:
        return None
    return Outgrown(f"{name} {version}".strip(), f"3.{last}")


def last_known(text: str) -> int:
    """The newest Python 3 for which what was printed would not have been; 0 when none is known."""
    by_pyo3 = _PYO3.search(text)
    if by_pyo3:
        return int(by_pyo3["last"])
    return next((last for last, pattern in SAID if pattern.search(text)), 0)


def _of_psycopg(name: str, version: str) -> int:
    if name not in {"psycopg2", "psycopg2-binary"} or not re.fullmatch(r"\d+(\.\d+)*", version):
        return 0
    number = tuple(map(int, version.split(".")))
    return next((last for below, last in PSYCOPG if number < below), 0)
