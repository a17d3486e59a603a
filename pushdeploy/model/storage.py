"""Storage: the folders of the tree that survive a deploy because each is a link to one place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_FOLDERS = 20
"""Folders: each is one link in every slug."""
LONGEST_PATH = 200
"""Characters: with the server's own folders before it, far below PATH_MAX (4096)."""
LONGEST_PART = 100
"""Characters of one name: below NAME_MAX (255)."""

USUAL_FOLDER = "instance"
"""What is proposed for a file at the tree's root; Flask's own name for it."""

_DATABASE = re.compile(
    r"(.*\.(?:db3?|s3db|sqlite[23]?|sqlitedb))(?:-wal|-shm|-journal)?", re.IGNORECASE
)
_EXTENSION = re.compile(r".*[^.]\.[A-Za-z][A-Za-z0-9]{0,7}")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def parse_storage_folder(text: str) -> str:
    """The folder, relative to the tree's root, without a `/` at its end: `instance`.

    Args:
        text: Such as `instance/` or `media/uploads`; each part `[A-Za-z0-9_][A-Za-z0-9._-]*`,
            which leaves out `..`, `.git` and all that begins with a dot.

    Raises:
        RefusedInputError: It is not such a folder.
    """
    folder = text.removesuffix("/")
    complaint = _complaint(folder)
    if complaint:
        raise RefusedInputError(
            f"the storage folder {quoted(text)} {complaint}",
            hint="name a folder inside the repository, such as `instance` or `media/uploads`",
        )
    return folder


def parse_new_folder(text: str, app: str = "") -> str:
    """The folder, as `parse_storage_folder` does; refuses what is meant as a file.

    Storage can't be one file: SQLite makes `db.sqlite3-journal` and `-wal` beside it, and programs
    that save a file write another one and rename it. So the folder around it has to be storage.
    What was added before is not judged again.

    Args:
        text: what a person wrote.
        app: the app that a hint names.

    Raises:
        RefusedInputError: It is not a folder of the tree, or looks like a file.
    """
    folder = parse_storage_folder(text)
    parent, _, name = folder.rpartition("/")
    database = _DATABASE.fullmatch(name)
    if not database and (text.endswith("/") or not _EXTENSION.fullmatch(name)):
        return folder
    wanted = parent or USUAL_FOLDER
    why = (
        f"SQLite writes `{database[1]}-journal` beside it"
        if database
        else "a file that is saved is often a new file"
    )
    of_app = f" --app {app}" if app else ""
    add = f"pushdeploy storage:add {wanted}/{of_app}"
    unless = f", or if it is a folder: pushdeploy storage:add {folder}/{of_app}"
    raise RefusedInputError(
        f"{quoted(text)} looks like a file, and storage keeps whole folders: {why}",
        hint=f"have the app use {wanted}/{name}, then: {add}{'' if database else unless}",
    )


def storage_set(folders: Iterable[str]) -> tuple[str, ...]:
    """The parsed folders, each once and sorted.

    Raises:
        RefusedInputError: One lies inside another, so one link would hide the other; two differ
            only in case; or there are more than `MOST_FOLDERS`.
    """
    parsed = sorted({parse_storage_folder(folder) for folder in folders})
    if len(parsed) > MOST_FOLDERS:
        raise RefusedInputError(
            f"there are {len(parsed)} storage folders; the maximum is {MOST_FOLDERS}",
            hint="name the folder that holds them instead",
        )
    for one in parsed:
        for other in parsed:
            if other.startswith(f"{one}/"):
                raise RefusedInputError(
                    f"the storage folder {quoted(other)} lies inside {quoted(one)}",
                    hint=f"keep only `{one}`: what is inside it survives too",
                )
            if one < other and one.lower() == other.lower():
                raise RefusedInputError(
                    f"the storage folders {quoted(one)} and {quoted(other)} differ only in case",
                    hint="keep the one that the app uses",
                )
    return tuple(parsed)


def _complaint(folder: str) -> str | None:
    if folder in {"", "."}:
        return "is the whole repository"
    if folder.startswith("/"):
        return "is not relative to the repository"
    if len(folder) > LONGEST_PATH:
        return f"has {len(folder)} characters, the maximum is {LONGEST_PATH}"
    return next(filter(None, map(_part_complaint, folder.split("/"))), None)


def _part_complaint(part: str) -> str | None:
    if part in {".", ".."}:
        return f"contains `{part}`"
    if len(part) > LONGEST_PART:
        return f"has a name of {len(part)} characters, the maximum is {LONGEST_PART}"
    if not _PART.fullmatch(part):
        return (
            f"has the part {quoted(part)}: a name begins with a letter, a digit or `_`, "
            "followed by those, `.` and `-`"
        )
    return None


def tracked(folder: str) -> RefusedInputError:
    """The refusal of a tree that has a file or folder where storage is to be."""
    return RefusedInputError(
        f"`{folder}` is storage, and git tracks a file or folder of that name",
        hint=f"git rm -r --cached {folder} && echo /{folder}/ >> .gitignore",
    )
