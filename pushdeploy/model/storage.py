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
            f"The storage folder {quoted(text)} {complaint}.",
            hint="Name a folder inside the repository, such as `instance` or `media/uploads`.",
        )
    return folder


def storage_set(folders: Iterable[str]) -> tuple[str, ...]:
    """The parsed folders, each once and sorted.

    Raises:
        RefusedInputError: One lies inside another, so one link would hide the other; two differ
            only in case; or there are more than `MOST_FOLDERS`.
    """
    parsed = sorted({parse_storage_folder(folder) for folder in folders})
    if len(parsed) > MOST_FOLDERS:
        raise RefusedInputError(
            f"There are {len(parsed)} storage folders; the most is {MOST_FOLDERS}.",
            hint="Name the folder that holds them instead.",
        )
    for one in parsed:
        for other in parsed:
            if other.startswith(f"{one}/"):
                raise RefusedInputError(
                    f"The storage folder {quoted(other)} lies inside {quoted(one)}.",
                    hint=f"Keep only `{one}`: what is inside it survives too.",
                )
            if one < other and one.lower() == other.lower():
                raise RefusedInputError(
                    f"The storage folders {quoted(one)} and {quoted(other)} differ only in case.",
                    hint="Keep the one that the app uses.",
                )
    return tuple(parsed)


def _complaint(folder: str) -> str | None:
    if folder in {"", "."}:
        return "is the whole repository"
    if folder.startswith("/"):
        return "is not relative to the repository"
    if len(folder) > LONGEST_PATH:
        return f"has {len(folder)} characters, the most is {LONGEST_PATH}"
    return next(filter(None, map(_part_complaint, folder.split("/"))), None)


def _part_complaint(part: str) -> str | None:
    if part in {".", ".."}:
        return f"holds `{part}`"
    if len(part) > LONGEST_PART:
        return f"has a name of {len(part)} characters, the most is {LONGEST_PART}"
    if not _PART.fullmatch(part):
        return (
            f"has the part {quoted(part)}: a name begins with a letter, a digit or `_` "
            "and goes on with those, `.` and `-`"
        )
    return None
