"""Build files: what of a slug asks for a build step. Looked for as the git user."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pushdeploy.model.build_step import DEEPEST_MANAGE, HOOKS, MANAGE, BuildFiles
from pushdeploy.model.node_build import (
    LOCKS,
    LONGEST_PACKAGE_JSON,
    NO_NODE,
    PACKAGE_JSON,
    NodeBuild,
    read_package_json,
)

if TYPE_CHECKING:
    from pathlib import Path

MOST_FOLDERS = 2000
"""That are looked into for a `manage.py`: no project hides it behind more."""

PASSED_OVER = frozenset({"node_modules"})


def build_files(slug: Path) -> BuildFiles:
    """What a slug has; no link counts."""
    hooks = tuple(one for one in HOOKS if _is_file(slug / one))
    return BuildFiles(hooks, _manage(str(slug)), _node(slug))


def _node(slug: Path) -> NodeBuild:
    path = slug / PACKAGE_JSON
    if not _is_file(path) or path.stat().st_size > LONGEST_PACKAGE_JSON:
        return NO_NODE
    present = {lock for lock in LOCKS if _is_file(slug / lock)}
    return read_package_json(path.read_text(errors="replace"), present)


def _manage(slug: str) -> str:
    """The shallowest `manage.py`, of those the first by name."""
    level, looked = [""], 0
    for _ in range(DEEPEST_MANAGE):
        below = []
        for folder in level:
            looked += 1
            if looked > MOST_FOLDERS:
                return ""
            with os.scandir(f"{slug}/{folder}") as entries:
                for entry in entries:
                    if entry.name == MANAGE and entry.is_file(follow_symlinks=False):
                        return folder + MANAGE
                    if entry.name[0] != "." and entry.is_dir(follow_symlinks=False):
                        below.append(f"{folder}{entry.name}/")
        level = sorted(one for one in below if one.split("/")[-2] not in PASSED_OVER)
    return ""


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and not path.parent.is_symlink()
