"""Slug: a commit's files in a folder of their own. Runs as the git user.

A file that did not change is the very file of the former slug, under a second name: a link costs
no copy and no space. With one file changed of 20,000 (500 MB), a push is live after 2.0 s instead
of 4.1 (docs/explanation/performance.md). Nobody writes into a slug once it is in place, so nobody
sees it through the other name; the last name's deletion deletes the file (link(2)).
"""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.model.app_layout import NEW
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.files import delete_tree, sync_filesystem, sync_folder
from pushdeploy.system.git_tree import changed, changes_attributes, check_out, files

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.system.git_program import Git

MOST_NAMES = 1000
"""Of one file; ext4 takes 65,000."""

FOREIGN_WRITES = stat.S_IWGRP | stat.S_IWOTH

MARK = 111_111_111
"""The nanoseconds in the time of each file that we wrote: a write by anybody else sets others, and
what root fixed by hand in a live slug must not live on in the next one."""

SECOND = 1_000_000_000
"""In nanoseconds."""


@dataclass(frozen=True, slots=True)
class Former:
    """A complete slug, made in the way of today."""

    folder: Path
    commit: str


def make_slug(
    git: Git,
    commit: str,
    slug: Path,
    links: tuple[str, ...],
    former: Former | None,
    public: tuple[str, ...] = ("static",),
) -> bool:
    """Put the slug in place, the `public` folders open to nginx; returns False when it was there.

    Order: everything in `.new-KEY`, one sync, one rename. A power cut leaves all of it or nothing.
    """
    if slug.is_dir():
        open_to_all(slug, public)
        return False
    new = slug.with_name(f"{NEW}{slug.name}.{os.getpid()}")  # a killed engine's child may go on
    delete_tree(new)
    reached(Point.CHECKOUT_BEGUN)
    new.mkdir(mode=0o750)
    found = files(git, commit)
    linked = _take_unchanged(git, commit, found, former, new)
    rest = [path for path in found if path not in linked]
    check_out(git, commit, new, only=rest if linked else None)
    _mark(new, [path for path in rest if found[path]])
    for folder in links:
        link = new / folder
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(
            os.path.relpath(slug.parent.parent / "shared" / folder, slug / folder / "..")
        )
    open_to_all(new, public)
    sync_filesystem(new)
    reached(Point.CHECKOUT_WRITTEN)
    new.rename(slug)
    reached(Point.CHECKOUT_RENAMED)
    sync_folder(slug.parent)
    return True


def _take_unchanged(
    git: Git, commit: str, found: dict[str, bool], former: Former | None, new: Path
) -> set[str]:
    """Link the files that did not change; returns those for which that could be done."""
    linked: set[str] = set()
    if former is None:
        return linked
    differ = changed(git, former.commit, commit)
    if changes_attributes(differ):
        return linked
    same = [path for path, plain in found.items() if plain and path not in differ]
    for folder, group in groupby(same, _folder_of):
        target = new / folder
        target.mkdir(parents=True, exist_ok=True)
        source = _open_folder(former.folder / folder)
        if source is None:
            continue
        place = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
        try:
            linked |= {path for path in group if _link(path, source, place)}
        finally:
            os.close(place)
            os.close(source)
    return linked


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def _open_folder(folder: Path) -> int | None:
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None


def _mark(new: Path, paths: list[str]) -> None:
    second = int(time.time()) * SECOND + MARK
    for path in paths:
        os.utime(new / path, ns=(second, second), follow_symlinks=False)


def _link(path: str, source: int, target: int) -> bool:
    """Give a file a second name, if it is as we wrote it."""
    name = path.rpartition("/")[2]
    try:
        found = os.stat(name, dir_fd=source, follow_symlinks=False)
        if (
            not stat.S_ISREG(found.st_mode)
            or found.st_uid != os.geteuid()
            or found.st_mode & FOREIGN_WRITES
            or found.st_nlink >= MOST_NAMES
            or found.st_mtime_ns % SECOND != MARK
        ):
            return False
        os.link(name, name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
    except OSError:
        return False
    return True


def open_to_all(slug: Path, public: Iterable[str]) -> None:
    """Let nginx read these folders, and only reach them: no listing of what is around them.

    Not what begins with a dot, which it never serves, and nothing through a link.
    """
    for folder in public:
        way = [slug, *reversed([slug / one for one in Path(folder).parents][:-1]), slug / folder]
        if any(one.is_symlink() or not one.is_dir() for one in way):
            continue
        for one in way[:-1]:
            _add_mode(one, 0o001)
        for place, folders, names in os.walk(slug / folder):
            folders[:] = [name for name in folders if name[0] != "."]
            _add_mode(Path(place), 0o005)
            for name in names:
                if name[0] != ".":
                    _add_mode(Path(place, name), 0o444)


def _add_mode(path: Path, mode: int) -> None:
    before = path.lstat().st_mode
    if not stat.S_ISLNK(before) and before & mode != mode:
        path.chmod(stat.S_IMODE(before) | mode)
