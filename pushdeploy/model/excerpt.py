"""The lines of an app's output that tell a person why it failed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LINES = 20
MOST_OF_TRACEBACK = 30
MOST_AFTER = 8
"""Lines after the deciding one of a traceback: some messages have several."""

LINE_BEGIN, LINE_END = 400, 100
"""Characters of a long line that are shown; `logs` has all of it."""

_TRACEBACK = "Traceback (most recent call last):"
_LAUNCHERS = ("gunicorn.errors.HaltServer", "gunicorn.errors.AppImportError")
"""What a server raises after the app has failed: never the cause."""

_JOINTS = (
    "",
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
"""Lines between the tracebacks of a chain."""

_ERROR = re.compile(r"(?:[A-Za-z_][\w.]*)?(?:Error|Exception|Exit|Interrupt)\b.*")
_FRAME = '  File "'
_NOT_THE_APPS = re.compile(r'  File "(?:<frozen |[^"]*/(?:venvs/|lib/python3))')
_FOLDERS = re.compile(
    r"/(?:slugs/[0-9a-f]{20,64}|venvs/[0-9a-f]{20,64}/lib/python3\.\d+/site-packages)/"
)
"""Where slugs and venvs lie: of no interest to who wrote `app.py`."""

_PATH_BEGINS = re.compile(r"[^\s\"'()]*", re.DOTALL)

_START = re.compile(
    r"\[[^]]+\] \[\d+\] \[INFO\] Starting gunicorn |INFO: +Started (?:parent|server) process "
)
"""A server begins: what is above is of its former life."""

_NOISE = re.compile(
    r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[\d+\] \[[A-Z]+\] (?:"
    r"Starting gunicorn |Listening at: |Using worker: |Booting worker |Worker exiting |"
    r"Handling signal: |Shutting down: |Reason: Worker failed|Exception in worker process$|"
    r"Worker \(pid:\d+\) (?:exited|was sent|was terminated)|Control socket |Server is ready)"
    r"|INFO: +(?:Started |Waiting for |Application (?:startup|shutdown) complete|Uvicorn running |"
    r"Finished |Shutting down|Stopping |Stopped )|ERROR: +Application startup failed"
)
"""What gunicorn and uvicorn say of themselves."""


def excerpt(output: Sequence[str], most: int = MOST_LINES) -> tuple[str, ...]:
    """The part of an output that says what went wrong, oldest line first.

    A server that gives up prints its own tracebacks after the app's, twenty lines about itself, and
    a supervisor starts it again and again. So: the last traceback of the app, from its own first
    line of code to the end of its message, else the last lines that the app itself printed in its
    last life. Paths are shown from the root of the app's repo, or of its packages.
    """
    lines = [_shortened(line) for line in output]
    return tuple(_from_the_root(line) for line in _telling(lines, most))


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


@dataclass(frozen=True, slots=True)
class _Traceback:
    """Where one stands in an output: its first line, the deciding one, and the end of it."""

    begin: int
    deciding: int
    end: int


def _telling(output: Sequence[str], most: int) -> Sequence[str]:
    output = _without_launchers(_untangled(output))
    found = _tracebacks(output)
    if found:
        last = found[-1]
        frames = _from_own_code(output[last.begin : last.deciding])
        ending = output[last.deciding : last.end]
        longest = max(most, MOST_OF_TRACEBACK) if most == MOST_LINES else most
        return [*frames, *ending][-longest:]
    causes = [index for index, line in enumerate(output) if _ERROR.fullmatch(line)]
    if causes:
        deciding = causes[-1]
        says_more = output[deciding].rstrip().endswith(":")
        end = _end(output, deciding) if says_more else deciding + 1
        return output[:end][-most:]
    return _own(output)[-most:]


def _untangled(output: Sequence[str]) -> Sequence[str]:
    """Without what a server says of itself while a traceback is being printed."""
    found: list[str] = []
    inside = False
    for line in output:
        if inside and _NOISE.match(line):
            continue
        inside = line.endswith(_TRACEBACK) or (inside and line[:1] in (" ", "\t"))
        found.append(line)
    return found


def _without_launchers(output: Sequence[str]) -> Sequence[str]:
    """Without the tracebacks of servers that gave up, and what joins them."""
    gone: set[int] = set()
    for one in _tracebacks(output):
        if output[one.deciding].startswith(_LAUNCHERS):
            gone.update(range(one.begin, one.deciding + 1))
    if not gone:
        return output
    return [line for index, line in enumerate(output) if index not in gone and line not in _JOINTS]


def _tracebacks(output: Sequence[str]) -> list[_Traceback]:
    """All that are whole: a first line, indented ones, and the one that says what it was."""
    found = []
    for begin, line in enumerate(output):
        if line.endswith(_TRACEBACK):
            after = range(begin + 1, len(output))
            deciding = next((one for one in after if output[one][:1] not in (" ", "\t")), None)
            if deciding is not None and output[deciding]:
                found.append(_Traceback(begin, deciding, _end(output, deciding)))
    return found


def _end(output: Sequence[str], deciding: int) -> int:
    """The first line after a message of several lines."""
    for index in range(deciding + 1, min(len(output), deciding + 1 + MOST_AFTER)):
        line = output[index]
        if not line.strip() or line.endswith(_TRACEBACK) or _NOISE.match(line):
            return index
        if output[deciding].endswith(line[-LINE_END:]):  # gunicorn says it once more
            return index
    return min(len(output), deciding + 1 + MOST_AFTER)


def _from_own_code(traceback: Sequence[str]) -> Sequence[str]:
    """A traceback without the frames of whatever called the app."""
    frames = [index for index, line in enumerate(traceback) if line.startswith(_FRAME)]
    own = [index for index in frames if not _NOT_THE_APPS.match(traceback[index])]
    return [traceback[0], *traceback[own[0] :]] if own else traceback


def _own(output: Sequence[str]) -> Sequence[str]:
    """What the app printed in its last life that it printed anything in; all, if it never did."""
    lives: list[list[str]] = [[]]
    for line in output:
        if _START.match(line):
            lives.append([])
        elif not _NOISE.match(line):
            lives[-1].append(line)
    return next((_told(life) for life in reversed(lives) if any(map(str.strip, life))), output)


def _told(lines: Sequence[str]) -> Sequence[str]:
    """What several workers said one after the other, once."""
    counted = [(line, sum(1 for _ in same)) for line, same in groupby(lines)]
    return [line if count == 1 else f"{line} ({count} times)" for line, count in counted]


def _shortened(line: str) -> str:
    if len(line) <= LINE_BEGIN + LINE_END:
        return line
    left_out = len(line) - LINE_BEGIN - LINE_END
    return f"{line[:LINE_BEGIN]} … {left_out:,} characters … {line[-LINE_END:]}"
