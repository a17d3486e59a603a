"""The room that a bare repo takes: what is loose, what is old, and packing it. Runs as its owner.

Only `look` is for anybody: it reads names and sizes, and no git runs.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError
from pushdeploy.model.refname import KEPT_REFS
from pushdeploy.system import command
from pushdeploy.system.command import Command
from pushdeploy.system.git_locks import COLLECTOR, MARK, abandoned, collecting, writing
from pushdeploy.system.git_program import Git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

AGE_SECONDS = 24 * 3600.0
"""What nothing names is kept for so long: a push that is under way may be about to name it."""

APART_SECONDS = 6 * 3600.0
"""The least time between two collections: each writes the repo's pack again."""

MOST_LOOSE = 2000
MOST_LOOSE_BYTES = 64 << 20
MOST_PACKS = 10
"""More of these are packed before they are old."""

PACK_SECONDS = 900.0
"""A gigabyte on a slow disk, when others come first."""

SETTINGS = {
    "core.fsync": "all",  # what was loose is deleted afterwards
    "core.bigFileThreshold": "16m",  # a delta of more takes memory, and seldom room
    "pack.threads": "1",
    "pack.windowMemory": "64m",
    "pack.deltaCacheSize": "16m",
    "repack.writeBitmaps": "false",
    "repack.packKeptObjects": "false",
    "gc.cruftPacks": "false",
}

LOOSE_FOLDER = re.compile(r"[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Room:
    """What a repo's objects take."""

    loose: int = 0
    packs: int = 0
    loose_bytes: int = 0
    pack_bytes: int = 0
    oldest_loose: float = float("inf")
    """Epoch seconds."""
    newest_pack: float = 0.0
    collected: float = 0.0
    """When it was last."""

    @property
    def bytes(self) -> int:
        """All of it."""
        return self.loose_bytes + self.pack_bytes

    def is_due(self, now: float) -> bool:
        """True when a collection would find enough to do."""
        old = now - AGE_SECONDS
        if self.collected > now - APART_SECONDS:
            return False
        if self.oldest_loose < old or (self.packs > 1 and self.newest_pack < old):
            return True
        many = self.loose > MOST_LOOSE or self.loose_bytes > MOST_LOOSE_BYTES
        return (many or self.packs > MOST_PACKS) and self.collected < old


def look(repo: Path) -> Room:
    """Count the objects; links are not followed."""
    loose, packs = list(_loose(repo)), list(_files(repo / "objects" / "pack", ".pack"))
    try:
        collected = os.lstat(repo / MARK).st_mtime
    except OSError:
        collected = 0.0
    return Room(
        loose=len(loose),
        packs=len(packs),
        loose_bytes=sum(one.st_blocks * 512 for one in loose),
        pack_bytes=sum(one.st_blocks * 512 for one in packs),
        oldest_loose=min((one.st_mtime for one in loose), default=float("inf")),
        newest_pack=max((one.st_mtime for one in packs), default=0.0),
        collected=collected,
    )


def collect(repo: Path, kept: Mapping[str, str], *, age: float = AGE_SECONDS) -> None:
    """Pack a repo, and delete what no ref names and is older than `age`. May be killed anywhere.

    Objects are deleted only when a pack that has them is on the disk, or when nothing names them.

    Args:
        repo: bare.
        kept: commits that must stay, by a name of ours; these alone are kept by our refs.
        age: seconds; 0 is for one who has the repo alone (`git_locks.alone`).

    Raises:
        BusyError: somebody does it already.
        CommandFailedError: git failed, or took too long.
    """
    expire = f"{age:.0f}.seconds.ago" if age else "now"
    with collecting(repo) as mark:
        _delete_old_temporaries(repo, age)
        with writing(repo) if age else nullcontext():
            _keep(repo, kept)
        shutil.rmtree(repo / "logs", ignore_errors=True)  # reflogs name what was amended away
        for words in (
            ["prune", f"--expire={expire}"],  # first: the disk may be full
            ["repack", "-A", "-d", "-l", "--quiet", f"--unpack-unreachable={expire}"],
            ["prune", f"--expire={expire}"],
        ):
            _git(repo, *words, mark=mark)


def be_nice() -> None:
    """Let everything else on the machine go first, in this process and its children."""
    os.nice(19)
    with suppress(PushdeployError):
        command.run(Command(["ionice", "--class=3", f"--pid={os.getpid()}"]))


def _keep(repo: Path, kept: Mapping[str, str]) -> None:
    """Have our refs name these commits and no others; one that is not there is passed over."""
    asked = "".join(f"{commit}\n" for commit in kept.values())
    told = _git(repo, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked)
    here = {line.split()[0] for line in told.splitlines() if line.endswith(" commit")}
    wanted = {f"{KEPT_REFS}/{name}": one for name, one in kept.items() if one in here}
    listed = _git(repo, "for-each-ref", "--format=%(refname) %(objectname)", f"{KEPT_REFS}/")
    there = dict(line.split(" ") for line in listed.splitlines())
    lines = [f"update {ref} {one}\n" for ref, one in wanted.items() if there.get(ref) != one]
    lines += [f"delete {ref}\n" for ref in there if ref not in wanted]
    if lines:
        _git(repo, "update-ref", "--stdin", stdin="".join(lines))


def _git(repo: Path, *words: str, stdin: str = "", mark: int | None = None) -> str:
    name, _, value = COLLECTOR.partition("=")
    passed = () if mark is None else (mark,)
    line = Git(repo, SETTINGS)(*words, stdin=stdin, extra={name: value}, pass_fds=passed)
    return command.run(line, seconds=PACK_SECONDS).stdout


def _delete_old_temporaries(repo: Path, age: float) -> None:
    for path in abandoned(repo, loose=True):
        with suppress(OSError):
            if os.lstat(path).st_mtime < time.time() - age:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _loose(repo: Path) -> Iterator[os.stat_result]:
    for name in _names(repo / "objects"):
        if LOOSE_FOLDER.fullmatch(name):
            yield from _files(repo / "objects" / name, "")


def _files(folder: Path, end: str) -> Iterator[os.stat_result]:
    for name in _names(folder):
        if name.endswith(end):
            with suppress(OSError):
                yield os.lstat(folder / name)


def _names(folder: Path) -> list[str]:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return []
    try:
        return os.listdir(descriptor)
    finally:
        os.close(descriptor)
