"""What the apps of a server printed, from the journal (journalctl(1))."""

from __future__ import annotations

import json
import os
import select
from contextlib import closing
from typing import TYPE_CHECKING

from pushdeploy.model.app import unit_prefix
from pushdeploy.model.instance import parse_unit
from pushdeploy.model.log_line import KILLED_FOR_MEMORY, LogLine
from pushdeploy.system import command
from pushdeploy.system.command import Command, Process

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator

LOOK_SECONDS = 1.0
"""How long a follower waits for a line before it says that there is none."""

FIRST = "1"
"""systemd's process: what an app writes of itself has another number, which it can't choose."""

OUT_OF_MEMORY = "fe6faa94e7774663a0da52717891d8ef"
"""The id of what systemd says when the kernel has killed a process of a unit.

Source: `journalctl --list-catalog`.
"""

KILLS = (f"_PID={FIRST}", f"MESSAGE_ID={OUT_OF_MEMORY}")

FIELDS = "__REALTIME_TIMESTAMP,_SYSTEMD_UNIT,MESSAGE,MESSAGE_ID,UNIT,_PID"
CHUNK = 1 << 16


def tail(unit: str, lines: int) -> list[str]:
    """The last lines that a unit's processes printed, and where the kernel killed one.

    Not what systemd says of them else.
    """
    command.attempt(Command(["journalctl", "--sync"]))
    line = Command(
        [
            "journalctl",
            "--quiet",
            "--no-pager",
            "--output=json",
            f"--output-fields={FIELDS}",
            f"--lines={lines}",
            f"_SYSTEMD_UNIT={unit}.service",
            *("+", *KILLS, f"UNIT={unit}.service"),
        ]
    )
    records = map(json.loads, command.attempt(line).stdout.splitlines())
    return [part for record in records for part in _text(record).splitlines()]


def logs(app: str, *, names: Collection[str], lines: int, follow: bool) -> Iterator[LogLine | None]:
    """What all releases of an app printed, oldest first, then each new line.

    By the app's slice, which is the same for every release: a pattern of units would be expanded
    once, and miss the release that the next deploy starts.
    """
    found: list[LogLine] = []
    cursor: str | None = None
    command.attempt(Command(["journalctl", "--sync"]))
    with closing(_records(app, "--reverse")) as newest_first:
        for record in newest_first:
            if record is None:
                continue
            cursor = cursor or str(record["__CURSOR"])
            line = _line(app, record)
            if len(found) >= lines:
                break
            if line is not None and line.of(names):
                found.append(line)
    yield from reversed(found)
    if follow:
        since = [f"--after-cursor={cursor}", "--no-tail"] if cursor else ["--lines=0"]
        with closing(_records(app, "--follow", *since)) as following:
            for record in following:
                line = None if record is None else _line(app, record)
                if line is None or line.of(names):
                    yield line


def _records(app: str, *options: str) -> Generator[dict[str, object] | None, None, None]:
    """Its records as they come, and `None` after each wait."""
    line = Command(
        [
            "journalctl",
            "--quiet",
            "--no-pager",
            "--output=json",
            f"--output-fields={FIELDS}",
            *options,
            f"_SYSTEMD_SLICE={unit_prefix(app)}.slice",
            *("+", *KILLS),
        ]
    )
    child = command.start(line, stdout=command.PIPE)
    try:
        yield from _lines(child)
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _lines(child: Process) -> Iterator[dict[str, object] | None]:
    if child.stdout is None:
        return
    rest = b""
    while True:
        if not select.select([child.stdout], [], [], LOOK_SECONDS)[0]:
            yield None
            continue
        data = os.read(child.stdout.fileno(), CHUNK)
        if not data:
            return
        *whole, rest = (rest + data).split(b"\n")
        yield from map(json.loads, filter(None, whole))


def _line(app: str, record: dict[str, object]) -> LogLine | None:
    """The line of a record; `None` for a bridge's, a job's or another app's."""
    about = "UNIT" if _is_kill(record) else "_SYSTEMD_UNIT"
    name = parse_unit(str(record.get(about, "")).removesuffix(".service"))
    if name is None or name.app != app:
        return None
    at = int(str(record["__REALTIME_TIMESTAMP"])) / 1e6
    return LogLine(at, name.release, name.process_type, name.index, _text(record))


def _is_kill(record: dict[str, object]) -> bool:
    return record.get("MESSAGE_ID") == OUT_OF_MEMORY and record.get("_PID") == FIRST


def _text(record: dict[str, object]) -> str:
    """The message; one that is not UTF-8 comes as a list of bytes, one that is too long as null."""
    if _is_kill(record):
        return KILLED_FOR_MEMORY
    message = record.get("MESSAGE")
    if isinstance(message, list):
        return bytes(message).decode(errors="replace")
    return str(message) if message is not None else ""
