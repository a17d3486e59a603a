"""A disk with a cache that loses its power: what was not flushed may be lost, in any order.

A real disk promises of a write only that it is there after the next flush. When the power goes,
each page has any of the contents that were written since, or the one of the last flush.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Lock

PAGE = 4096
"""Bytes. The guest's file system writes no less at once."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What a power cut did."""

    unflushed: int
    """Pages that had been written since the last flush."""
    kept: int
    """Of those, pages that have their newest contents all the same."""

    def __str__(self) -> str:
        return f"{self.kept} of {self.unflushed} unflushed pages reached the disk"


class Disk:
    """A file, and in front of it a cache of whole pages; for one writer and many threads."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR)
        self._size = path.stat().st_size
        self._lock = Lock()
        self._cache: dict[int, list[bytes]] = {}  # a page's contents since the flush, oldest first
        self._is_on = True

    @property
    def size(self) -> int:
        """In bytes, a multiple of a page."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """What was written last."""
        first, last = offset // PAGE, -(-(offset + length) // PAGE)
        with self._lock:
            cached = [page for page in range(first, last) if page in self._cache]
            if not cached:
                return os.pread(self._file, length, offset)
            found = bytearray(os.pread(self._file, (last - first) * PAGE, first * PAGE))
            for page in cached:
                at = (page - first) * PAGE
                found[at : at + PAGE] = self._cache[page][-1]
        start = offset - first * PAGE
        return bytes(found[start : start + length])

    def write(self, offset: int, contents: bytes) -> None:
        """Into the cache."""
        at = 0
        while at < len(contents):
            page, inside = divmod(offset + at, PAGE)
            piece = contents[at : at + PAGE - inside]
            at += len(piece)
            if len(piece) < PAGE:
                whole = bytearray(self.read(page * PAGE, PAGE))
                whole[inside : inside + len(piece)] = piece
                piece = bytes(whole)
            with self._lock:
                if self._is_on:
                    self._cache.setdefault(page, []).append(piece)

    def flush(self) -> None:
        """What has been written until now outlives a power cut."""
        with self._lock:
            if self._is_on:
                self._keep({page: contents[-1] for page, contents in self._cache.items()})

    def cut(self, random: Random) -> Lost:
        """The power goes: of each page that is not flushed, any one of its contents is there."""
        with self._lock:
            self._is_on = False
            share = random.choice((0.0, 0.5, 1.0))  # the cache had no time, some, or enough
            kept = {
                page: random.choice(contents)
                for page, contents in self._cache.items()
                if random.random() < share
            }
            newest = [page for page, one in kept.items() if one is self._cache[page][-1]]
            lost = Lost(len(self._cache), len(newest))
            self._keep(kept)
            return lost

    def power_on(self) -> None:
        """Take writes again."""
        self._is_on = True

    def close(self) -> None:
        """Done with the file."""
        os.close(self._file)

    def _keep(self, pages: dict[int, bytes]) -> None:
        for page, contents in pages.items():
            os.pwrite(self._file, contents, page * PAGE)
        self._cache.clear()
