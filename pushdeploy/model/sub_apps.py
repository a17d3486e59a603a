"""Folders of a repo that hold an app each, where the repo as a whole holds none."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.dependency_file import PROCFILE, Source, as_root
from pushdeploy.model.text import quoted
from pushdeploy.model.web_guess import NOT_THE_APP, guess_web

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pushdeploy.model.web_guess import Guess

    Read = Callable[[str], str | None]

DEEPEST = 3
"""Folders in folders: `services/web`, `src/backend/api`."""
MOST_FOLDERS = 20
"""That are looked into."""
MOST_NAMED = 4

LISTS = frozenset(Source) - {Source.NOTHING}
MARKS = LISTS | {PROCFILE, "manage.py"}


def refuse_sub_apps(paths: Collection[str], read: Read, guess: Guess | None, new: str) -> None:
    """Refuse a tree whose root lists no packages, when what would run lies in folders that do.

    Args:
        paths: every path of the tree, which has no Procfile.
        read: gives a file's text.
        guess: what would run.
        new: the app that the push would make; empty when it is there, or not known.

    Raises:
        RefusedInputError: naming the folders, and how one becomes the release.
    """
    if any(path in LISTS for path in paths) or (guess is not None and "/" not in guess.file):
        return
    folders = folders_with_apps(paths, read)
    if not folders:
        return
    if guess is not None and not any(guess.file.startswith(f"{one}/") for one in folders):
        return
    chosen = f"pushdeploy apps:set root {shlex.quote(folders[0])}"
    shown = ", ".join(quoted(one) for one in folders[:MOST_NAMED])
    if len(folders) == 1:
        raise RefusedInputError(
            f"the root of the repo has nothing to run; the folder {shown} has",
            hint=as_root(folders[0], paths) or chosen,
        )
    more = f" and {len(folders) - MOST_NAMED} more" if len(folders) > MOST_NAMED else ""
    raise RefusedInputError(
        f"the root of the repo has nothing to run; these folders have: {shown}{more}",
        hint=f"pushdeploy apps:create {new}; {chosen} --app {new}" if new else chosen,
    )


def folders_with_apps(paths: Collection[str], read: Read) -> tuple[str, ...]:
    """Folders that have a Procfile, or list packages and hold a web application."""
    marked = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] in MARKS}
    likely = sorted(
        (one for one in marked if _is_likely(one)), key=lambda one: (one.count("/"), one)
    )
    found: list[str] = []
    for folder in likely[:MOST_FOLDERS]:
        inside = any(folder.startswith(f"{one}/") for one in found)
        if not inside and _has_app(folder, paths, read):
            found.append(folder)
    return tuple(found)


def _is_likely(folder: str) -> bool:
    parts = folder.split("/")
    return folder != "" and len(parts) <= DEEPEST and not any(map(_is_other, parts))


def _is_other(name: str) -> bool:
    return name.startswith(".") or name in NOT_THE_APP


def _has_app(folder: str, paths: Collection[str], read: Read) -> bool:
    start = f"{folder}/"
    inner = {path.removeprefix(start) for path in paths if path.startswith(start)}
    return PROCFILE in inner or (guess_web(inner, lambda path: read(start + path)) is not None)
