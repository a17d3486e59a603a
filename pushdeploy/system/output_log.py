"""An app's output in embedded mode: one file an app, one line a line, a few old files beside it.

Each line is `<epoch seconds> <unit> <text>`, such as `1767225600.25 pushdeploy-blog.v1.web hello`.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from pushdeploy.model.instance import parse_unit
from pushdeploy.model.log_line import LogLine, lost_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILE_LIMIT = 4 << 20
"""Bytes after which a new file is begun."""

OLD_FILES = 3

LINE_LIMIT = 64 << 10
"""Bytes without a line's end after which the line is ended."""

LOOK_SECONDS = 0.2
TIME = re.compile(r"[0-9]{1,12}\.[0-9]{1,6}", re.ASCII)


def output_log(folder: Path) -> Path:
    """The file in the log folder of an app."""
    return folder / "output.log"


class Writer:
    """Turns the chunks that the instances of an app print into lines of its file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rest: dict[str, bytes] = {}
        self._lost: dict[str, int] = {}

    def feed(self, unit: str, data: bytes) -> None:
        """Take what was printed; only whole lines are written."""
        *lines, rest = (self._rest.get(unit, b"") + data).split(b"\n")
        if len(rest) > LINE_LIMIT:
            lines, rest = [*lines, rest], b""
        self._rest[unit] = rest
        self._write(unit, lines)

    def finish(self, unit: str) -> None:
        """The process has ended: its last line may lack an end."""
        rest = self._rest.pop(unit, b"")
        self._write(unit, [rest] if rest else [])

    def _write(self, unit: str, lines: list[bytes]) -> None:
        if not lines:
            return
        head = f"{time.time():.6f} {unit} ".encode()
        lost = self._lost.get(unit, 0)
        if lost:
            lines = [lost_lines(lost).encode(), *lines]
        data = b"".join(head + line.rstrip(b"\r") + b"\n" for line in lines)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        try:
            self._rotate()
            descriptor = os.open(self._path, flags, 0o600)
        except OSError:
            self._lose(unit, lines)  # the app is being destroyed, or the disk is full
            return
        whole = False
        try:
            whole = os.write(descriptor, data) == len(data)
            if not whole:
                os.write(descriptor, b"\n")
        except OSError:
            whole = False
        finally:
            os.close(descriptor)
        if whole:
            self._lost.pop(unit, None)
        else:
            self._lose(unit, lines)

    def _lose(self, unit: str, lines: list[bytes]) -> None:
        """The app must run on; the next line that can be written says how many are missing."""
        self._lost[unit] = self._lost.get(unit, 0) + len(lines)

    def _rotate(self) -> None:
        if self._path.exists() and self._path.stat().st_size > FILE_LIMIT:
            for number in range(OLD_FILES, 0, -1):
                older = _old(self._path, number - 1) if number > 1 else self._path
                if older.exists():
                    older.replace(_old(self._path, number))


def last_lines(path: Path, count: int, wanted: Callable[[LogLine], bool]) -> list[LogLine]:
    """The last lines of all files that are wanted, oldest first."""
    found: list[LogLine] = []
    for one in (path, *(_old(path, number) for number in range(1, OLD_FILES + 1))):
        if len(found) < count:
            older = [line for line in _parsed(_read(one)) if wanted(line)]
            found = older[-(count - len(found)) :] + found
    return found


def new_lines(path: Path, wanted: Callable[[LogLine], bool]) -> Iterator[LogLine | None]:
    """Each line that is written from now on, and `None` whenever there is none for a while."""
    position = path.stat().st_size if path.exists() else 0
    number = path.stat().st_ino if path.exists() else 0
    rest = b""
    while True:
        yield None
        time.sleep(LOOK_SECONDS)
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_ino != number:
                    yield from filter(wanted, _parsed(_tail_of(_old(path, 1), number, position)))
                    number, position, rest = os.fstat(file.fileno()).st_ino, 0, b""
                file.seek(position)
                data = file.read()
        except FileNotFoundError:
            continue
        position += len(data)
        whole, end, rest = (rest + data).rpartition(b"\n")
        yield from filter(wanted, _parsed(whole + end))


def _tail_of(path: Path, number: int, position: int) -> bytes:
    """What was written to the file before it was put aside, after we last looked."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_ino != number:
                return b""
            file.seek(position)
            return file.read()
    except FileNotFoundError:
        return b""


def _parsed(data: bytes) -> Iterator[LogLine]:
    for line in data.decode(errors="replace").split("\n"):
        at, _, rest = line.partition(" ")
        unit, _, text = rest.partition(" ")
        name = parse_unit(unit)
        if name is not None and TIME.fullmatch(at):  # else a full disk has cut it
            yield LogLine(float(at), name.release, name.process_type, name.index, text)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _old(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
