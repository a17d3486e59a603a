"""The server's folders as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.system.files import delete_tree

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.layout import Layout


def has_apps(layout: Layout) -> bool:
    """True when there is an app, or what a destroyed one left."""
    return layout.apps.is_dir() and any(layout.apps.iterdir())


def remove_folders(folders: list[Path]) -> bool:
    """Delete them with all that is in them; returns False when there were none."""
    found = [folder for folder in folders if folder.exists()]
    for folder in found:
        delete_tree(folder)
    return bool(found)
