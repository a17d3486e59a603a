"""What an app printed that tried to write where it can't, and what makes it work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.storage import USUAL_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

SIGNS = ("Read-only file system", "unable to open database file", "readonly database")
_PATH = re.compile(r"Read-only file system:? ['\"]([^'\"]+)['\"]")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""A folder that needs no quotes; the words are the app's, and become a command that people type."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What is said."""

    text: str
    hint: str


def remedy(output: str, slugs: Path, app: str) -> Remedy | None:
    """What to do about it; `None` when the app did nothing of the kind.

    Args:
        output: what it printed, such as `OSError: [Errno 30] Read-only file system: '/x'`.
        slugs: the folder that holds the app's code, each version in one of its own.
        app: its name.
    """
    if not any(sign in output for sign in SIGNS):
        return None
    hint = f"pushdeploy storage --app {app} shows where it may write; storage:add adds a folder"
    found = _PATH.search(output)
    if found is not None:
        path = slugs / "code" / found[1]  # a relative one begins in the code
        if not path.is_relative_to(slugs):
            return Remedy(
                "An app can write only to its storage, its $HOME and /tmp.",
                f"change where it writes, then push again; see also: pushdeploy logs --app {app}",
            )
        hint = _add(path.relative_to(slugs).parts[1:], app) or hint
    return Remedy(
        "The code is read-only to the app; what must survive a deploy belongs in storage.", hint
    )


def _add(parts: tuple[str, ...], app: str) -> str:
    """The command for the first folder in the code; a name with a dot, alone, is a file's."""
    first = parts[0] if parts else ""
    if not _NAME.fullmatch(first):
        return ""
    if len(parts) == 1 and "." in first:
        usual = f"have the app use {USUAL_FOLDER}/{first}, then: "
        return f"{usual}pushdeploy storage:add {USUAL_FOLDER}/ --app {app}"
    return f"pushdeploy storage:add {first}/ --app {app}"
