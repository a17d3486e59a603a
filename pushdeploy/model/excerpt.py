"""The lines of an app's output that tell a person why it failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LINES = 20

_ERROR = re.compile(r"(?:[A-Za-z_][\w.]*)?(?:Error|Exception|Exit|Interrupt)\b.*")
_TRACEBACK = "Traceback (most recent call last):"
_LAUNCHERS = ("gunicorn.errors.HaltServer", "gunicorn.errors.AppImportError")
"""What a server raises after the app has failed: never the cause."""

_FRAME = '  File "'
_NOT_THE_APPS = re.compile(r'  File "(?:<frozen |[^"]*/(?:venvs/|lib/python3))')
_FOLDERS = re.compile(
    r"/(?:slugs/[0-9a-f]{20,64}|venvs/[0-9a-f]{20,64}/lib/python3\.\d+/site-packages)/"
)
"""Where slugs and venvs lie: of no interest to who wrote `app.py`."""

_PATH_BEGINS = re.compile(r"[^\s\"'()]*", re.DOTALL)

LONGEST_LINE = 4000
"""Characters of a line that are looked at, and shown."""


def excerpt(output: Sequence[str], most: int = MOST_LINES) -> tuple[str, ...]:
    """The part of an output that says what went wrong, oldest line first.

    A server that gives up prints its own tracebacks after the app's, and a supervisor starts it
    again and again. So: the last traceback of the app from its own first line of code on, else the
    last lines. Paths are shown from the root of the app's repo, or of its packages.
    """
    cut = [line[:LONGEST_LINE] for line in output]
    return tuple(_from_the_root(line) for line in _telling(cut)[-most:])


def _from_the_root(line: str) -> str:
    """Each path from after the last such folder in it."""
    shown, position = [], 0
    for match in _FOLDERS.finditer(line):
        before = line[position : match.start()]
        shown.append(before[: len(before) - _path_end(before)])
        position = match.end()
    return "".join([*shown, line[position:]])


def _path_end(text: str) -> int:
    """How many of the last characters belong to one path."""
    match = _PATH_BEGINS.match(text[::-1])
    return len(match[0]) if match else 0


def _telling(output: Sequence[str]) -> Sequence[str]:
    causes = [
        index
        for index, line in enumerate(output)
        if _ERROR.fullmatch(line) and not line.startswith(_LAUNCHERS)
    ]
    if not causes:
        return output
    upto = output[: causes[-1] + 1]
    begun = [index for index, line in enumerate(upto) if line.endswith(_TRACEBACK)]
    return _from_own_code(upto[begun[-1] :]) if begun else upto


def _from_own_code(traceback: Sequence[str]) -> Sequence[str]:
    """A traceback without the frames of whatever called the app."""
    frames = [index for index, line in enumerate(traceback) if line.startswith(_FRAME)]
    own = [index for index in frames if not _NOT_THE_APPS.match(traceback[index])]
    return [traceback[0], *traceback[own[0] :]] if own else traceback
