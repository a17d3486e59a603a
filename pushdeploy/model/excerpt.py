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


def excerpt(output: Sequence[str], most: int = MOST_LINES) -> tuple[str, ...]:
    """The part of an output that says what went wrong, oldest line first.

    A server that gives up prints its own tracebacks after the app's, and a supervisor starts it
    again and again. So: the end of the last traceback of the app, else the last lines.
    """
    causes = [
        index
        for index, line in enumerate(output)
        if _ERROR.fullmatch(line) and not line.startswith(_LAUNCHERS)
    ]
    if not causes:
        return tuple(output[-most:])
    last = causes[-1]
    first = max(0, last - most + 1)
    begun = [index for index in range(first, last) if output[index].endswith(_TRACEBACK)]
    return tuple(output[begun[-1] if begun else first : last + 1])
