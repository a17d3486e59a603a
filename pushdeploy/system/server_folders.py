"""The server's folders, each with its owner and mode (design: on disk)."""

from __future__ import annotations

import grp
import pwd
from typing import TYPE_CHECKING

from pushdeploy.model.account import OURS, RECEIVER
from pushdeploy.system import keys
from pushdeploy.system.files import delete_tree, make_folder

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.layout import Layout


def login_home(layout: Layout) -> Path:
    """The home of `deploy`."""
    return layout.state / "home"


def ensure_folders(layout: Layout) -> bool:
    """Make them, or set their modes right; returns False when all was so already."""
    ours = grp.getgrnam(OURS).gr_gid
    receiver = pwd.getpwnam(RECEIVER)
    return any(
        [
            make_folder(layout.settings, mode=0o755, user=0, group=0),
            make_folder(layout.keys.parent, mode=0o755, user=0, group=0),
            keys.ensure_file(layout.keys),
            make_folder(layout.state, mode=0o755, user=0, group=0),
            make_folder(login_home(layout), mode=0o755, user=0, group=0),
            make_folder(layout.apps, mode=0o711, user=0, group=0),
            make_folder(
                layout.first_pushes, mode=0o700, user=receiver.pw_uid, group=receiver.pw_gid
            ),
            make_folder(layout.log, mode=0o2750, user=0, group=ours),
        ]
    )


def has_apps(layout: Layout) -> bool:
    """True when there is an app, or what a destroyed one left."""
    return layout.apps.is_dir() and any(layout.apps.iterdir())


def remove_folders(folders: list[Path]) -> bool:
    """Delete them with all that is in them; returns False when there were none."""
    found = [folder for folder in folders if folder.exists()]
    for folder in found:
        delete_tree(folder)
    return bool(found)
