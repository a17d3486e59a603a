"""How full a disk is, and what is said of one that is too full for a push."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.size import format_size

if TYPE_CHECKING:
    from collections.abc import Mapping

LITTLE_BYTES = 256 << 20
LITTLE_FILES = 2000
"""Below these a push that git refused is told how full the disk is."""

FULL_PERCENT = 85
EASED_PERCENT = 80
"""How full a filesystem may be before somebody is told, and when that is over."""

SHOWN_APPS = 3
CLEARABLE_BYTES = 16 << 20
"""A cache or repo that is smaller is not worth a command."""

CACHE, REPO = "cache", "repo"


@dataclass(frozen=True, slots=True)
class Disk:
    """What a filesystem has; `statvfs(3)`."""

    free: int
    size: int
    free_files: int
    files: int
    """0 where files are not counted."""

    @property
    def lacks_files(self) -> bool:
        """True when hardly another file can be made."""
        return self.files > 0 and self.free_files < LITTLE_FILES

    @property
    def is_nearly_full(self) -> bool:
        """True when a push may fail for it."""
        return self.free < LITTLE_BYTES or self.lacks_files

    def told(self) -> str:
        """How full it is, in words."""
        if self.lacks_files and self.free >= LITTLE_BYTES:
            return (
                "the server's disk has no room for more files: "
                f"{self.free_files} of {self.files} are left"
            )
        share = 100 * (self.size - self.free) // max(self.size, 1)
        return (
            f"the server's disk is full: {format_size(self.free)} of {format_size(self.size)} "
            f"are free ({share} % used)"
        )


@dataclass(frozen=True, slots=True)
class Filesystem:
    """How full a filesystem is, in percent of what may be used, as df(1) counts."""

    path: str
    """A folder on it."""
    used: int
    files_used: int
    """0 where files are not counted."""


def largest(rooms: Mapping[str, Mapping[str, int]]) -> list[str]:
    """The apps that take most, each with what it takes: a line each."""
    apps = sorted(rooms, key=lambda app: -sum(rooms[app].values()))
    lines = []
    for app in apps[:SHOWN_APPS]:
        parts = sorted(rooms[app].items(), key=lambda part: -part[1])
        shown = ", ".join(f"{name} {format_size(size)}" for name, size in parts if size)
        lines.append(f"{app}: {shown or 'nothing'}")
    return lines


def what_frees_room(rooms: Mapping[str, Mapping[str, int]]) -> str:
    """The command that frees most without loss."""
    commands = {CACHE: "builds:clear-cache", REPO: "git:gc"}
    choices = [
        (size, f"pushdeploy {commands[name]} --app {app}")
        for app, parts in rooms.items()
        for name, size in parts.items()
        if name in commands and size >= CLEARABLE_BYTES
    ]
    return max(choices)[1] if choices else "sudo du -xh --max-depth=2 / | sort -h | tail -20"
