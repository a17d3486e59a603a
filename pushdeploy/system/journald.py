"""What the apps of a server printed, from the journal (journalctl(1))."""

from __future__ import annotations

import json
import os
import re
import select
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.model.app import unit_prefix
from pushdeploy.model.cron_job import PROCESS_TYPE as CRON
from pushdeploy.model.cron_job import parse_cron_unit
from pushdeploy.model.instance import LOG_BURST, LOG_INTERVAL_SECONDS, parse_unit
from pushdeploy.model.log_line import KILLED_FOR_MEMORY, Keeping, Kept, LogLine, lost_lines
from pushdeploy.system import command
from pushdeploy.system.command import Command, Process

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator, Sequence

LOOK_SECONDS = 1.0
"""How long a follower waits for a line before it says that there is none."""

FIRST = "1"
"""systemd's process: what an app writes of itself has another number, which it can't choose."""

OUT_OF_MEMORY = "fe6faa94e7774663a0da52717891d8ef"
"""The id of what systemd says when the kernel has killed a process of a unit.

Source: `journalctl --list-catalog`.
"""

KILLS = (f"_PID={FIRST}", f"MESSAGE_ID={OUT_OF_MEMORY}")

SUPPRESSED = "a596d6fe7bfa4994828e72309e95d61e"
"""The id of what journald says when it has thrown lines of a unit away, which came too fast."""

DRIVER = "driver"
"""The transport of journald's own words; what an app sends has another, which it can't choose."""

MAYBE_LOST = (
    f"({LOG_BURST:,} lines came within {LOG_INTERVAL_SECONDS} s: what came after them may be lost)"
)
LOSSES = (f"_TRANSPORT={DRIVER}", f"MESSAGE_ID={SUPPRESSED}")
LOSS = re.compile(r"Suppressed (?P<count>[0-9]{1,12}) messages from (?P<unit>\S+)\.service")

FIELDS = "__REALTIME_TIMESTAMP,_SYSTEMD_UNIT,MESSAGE,MESSAGE_ID,UNIT,_PID,_TRANSPORT"
CHUNK = 1 << 16

RECORD_LIMIT = 1 << 20
"""Bytes of a record as JSON. A line has 48 KiB at most (journald.conf(5), LineMax=), in JSON up to
six times as much; but who speaks to journald itself may send it hundreds of megabytes."""

TOO_LONG = b'"(a line of more than a megabyte is left out)"'
KEPT_FIELD = re.compile(
    rb'(?<!\\)"(__CURSOR|__REALTIME_TIMESTAMP|_SYSTEMD_UNIT|_PID|_TRANSPORT)":"([^"\\]*)"'
)
"""In the text of a record: within a value every quote has a backslash before it."""

PERSISTENT = Path("/var/log/journal")
_SETTING = re.compile(r"^[ \t]*(Storage|MaxLevelStore)[ \t]*=[ \t]*(\S*)", re.MULTILINE)
_LEVELS_OF_OUTPUT = ("info", "debug", "6", "7")
"""What apps print is kept at these; it has the level `info`."""

Record = dict[str, object]


def tail(unit: str, lines: int) -> list[str]:
    """The last lines that a unit's processes printed, and where the kernel killed one.

    Not what systemd says of them else.
    """
    _sync()
    name = f"{unit}.service"
    matches = [f"_SYSTEMD_UNIT={name}", "+", *KILLS, f"UNIT={name}", "+", *LOSSES]
    found: list[str] = []
    with closing(_records(matches, "--reverse")) as newest_first:
        for record in newest_first:
            if len(found) >= lines:
                break
            if record is not None and _unit(record) == unit:
                found += reversed(_text(record).splitlines() or [""])
    if len(found) >= lines and _may_have_lost(name):
        found.insert(0, MAYBE_LOST)
    return found[:lines][::-1]


def _sync() -> None:
    """Have it write what it was told up to now."""
    command.attempt(Command(["journalctl", "--sync"]))


def _may_have_lost(unit: str) -> bool:
    """Whether so many lines came at once that later ones may be missing.

    journald tells of a loss with the next line that it takes; a process that has ended prints none.
    """
    matches, options = [f"_SYSTEMD_UNIT={unit}"], ["--reverse", f"--lines={LOG_BURST}"]
    with closing(_records(matches, *options, fields="_PID")) as newest_first:
        times = [int(str(one["__REALTIME_TIMESTAMP"])) for one in newest_first if one is not None]
    return len(times) >= LOG_BURST and times[0] - times[-1] <= LOG_INTERVAL_SECONDS * 1_000_000


def logs(
    app: str, *, names: Collection[str], lines: int, follow: bool, jobs: Collection[str] = ()
) -> Iterator[LogLine | None]:
    """What all releases of an app printed, oldest first, then each new line.

    By the app's slice, which is the same for every release: a pattern of units would be expanded
    once, and miss the release that the next deploy starts. What a process printed that has ended
    before journald looks has a unit and no slice, so the units of `jobs` are named too.
    """
    found: list[LogLine] = []
    cursor: str | None = None
    _sync()
    matches = [f"_SYSTEMD_SLICE={unit_prefix(app)}.slice", "+", *KILLS, "+", *LOSSES]
    for unit in jobs:
        matches += ["+", f"_SYSTEMD_UNIT={unit}"]
    with closing(_records(matches, "--reverse")) as newest_first:
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
        with closing(_records(matches, "--follow", *since)) as following:
            for record in following:
                line = None if record is None else _line(app, record)
                if line is None or line.of(names):
                    yield line


def keeping() -> Keeping:
    """How long journald keeps what is printed, by its configuration (journald.conf(5))."""
    said = command.attempt(Command(["systemd-analyze", "cat-config", "systemd/journald.conf"]))
    settings = dict(_SETTING.findall(said.stdout))  # the last one counts
    level = settings.get("MaxLevelStore", "")
    if level and level not in _LEVELS_OF_OUTPUT:
        return Keeping(Kept.NOTHING, f"MaxLevelStore={level} in journald.conf")
    storage = settings.get("Storage", "auto")
    if storage == "none":
        return Keeping(Kept.NOTHING, "Storage=none in journald.conf")
    if storage == "volatile":
        return Keeping(Kept.UNTIL_REBOOT, "Storage=volatile in journald.conf")
    if storage == "auto" and not PERSISTENT.is_dir():
        return Keeping(Kept.UNTIL_REBOOT, f"{PERSISTENT} does not exist")
    return Keeping(Kept.LASTING)


def _records(
    matches: Sequence[str], *options: str, fields: str = FIELDS
) -> Generator[Record | None, None, None]:
    """The records as they come, and `None` after each wait; `--all` also has the long ones."""
    line = Command(
        [
            "journalctl",
            "--quiet",
            "--no-pager",
            "--all",
            "--output=json",
            f"--output-fields={fields}",
            *options,
            *matches,
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


def _lines(child: Process) -> Iterator[Record | None]:
    if child.stdout is None:
        return
    rest = b""
    head: bytes | None = None  # of a record that is too long: its end is awaited
    while True:
        if not select.select([child.stdout], [], [], LOOK_SECONDS)[0]:
            yield None
            continue
        data = os.read(child.stdout.fileno(), CHUNK)
        if not data:
            return
        *whole, rest = (rest + data).split(b"\n")
        if head is not None and whole:
            yield _shortened(head + whole.pop(0)[-CHUNK:])
            head = None
        if head is None and len(rest) > RECORD_LIMIT:
            head = rest[:CHUNK]
        if head is not None:
            rest = rest[-CHUNK:]
        yield from map(json.loads, filter(None, whole))


def _shortened(text: bytes) -> Record:
    """A record by its beginning and its end."""
    fields = dict(KEPT_FIELD.findall(text))
    whole = b",".join(b'"%s":"%s"' % pair for pair in fields.items())
    record: Record = json.loads(b'{%s%s"MESSAGE":%s}' % (whole, b"," if whole else b"", TOO_LONG))
    return record


def _line(app: str, record: Record) -> LogLine | None:
    """The line of a record; `None` for a bridge's, a job's or another app's."""
    if "__REALTIME_TIMESTAMP" not in record:
        return None
    at, unit = int(str(record["__REALTIME_TIMESTAMP"])) / 1e6, _unit(record)
    job = parse_cron_unit(unit)
    if job is not None and job[0] == app:
        return LogLine(at, 0, CRON, 0, _text(record), job=job[1])
    name = parse_unit(unit)
    if name is None or name.app != app:
        return None
    return LogLine(at, name.release, name.process_type, name.index, _text(record))


def _unit(record: Record) -> str:
    """Whom a record is about, without the unit's type: by fields that no app can write."""
    loss = _loss(record)
    if loss is not None:
        return loss["unit"]
    about = "UNIT" if _is_kill(record) else "_SYSTEMD_UNIT"
    return str(record.get(about, "")).removesuffix(".service")


def _is_kill(record: Record) -> bool:
    return record.get("MESSAGE_ID") == OUT_OF_MEMORY and record.get("_PID") == FIRST


def _loss(record: Record) -> re.Match[str] | None:
    if record.get("MESSAGE_ID") != SUPPRESSED or record.get("_TRANSPORT") != DRIVER:
        return None
    return LOSS.fullmatch(str(record.get("MESSAGE", "")))


def _text(record: Record) -> str:
    """What is shown of a record.

    A message that is not text comes as a list of bytes; one that was sent several times as a list
    of those, which only a program that speaks to journald itself can do.
    """
    if _is_kill(record):
        return KILLED_FOR_MEMORY
    loss = _loss(record)
    return lost_lines(loss["count"]) if loss is not None else _message(record.get("MESSAGE"))


def _message(value: object) -> str:
    if isinstance(value, list):
        if value and all(isinstance(one, int) for one in value):
            return bytes(value).decode(errors="replace")
        return "\n".join(map(_message, value))
    return str(value) if value is not None else ""
