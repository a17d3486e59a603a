"""The users of a server and what they own (design: four users, one boundary)."""

from __future__ import annotations

import grp
import pwd
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.account import OURS, RECEIVER
from pushdeploy.model.app import app_user, build_user
from pushdeploy.system import command
from pushdeploy.system.command import Command
from pushdeploy.system.files import File, create_all, make_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pushdeploy.model.layout import Layout


class ServerAccounts:
    """Own users for each app."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def ensure(self, app: str) -> None:
        """Make the app's two users and its folders, each with its owner and mode."""
        place = self._layout.app(app)
        make_folder(place.root, mode=0o711)
        runner = _ensure_user(app_user(app), place.home)
        builder = _ensure_user(build_user(app), place.build_cache)
        receiver = pwd.getpwnam(RECEIVER)
        ours = grp.getgrnam(OURS).gr_gid
        group = runner.pw_gid
        make_folder(place.repo, mode=0o700, user=receiver.pw_uid, group=receiver.pw_gid)
        make_folder(place.slugs, mode=0o2751, user=receiver.pw_uid, group=group)
        make_folder(place.venvs, mode=0o2711, group=group)
        make_folder(place.build_cache, mode=0o700, user=builder.pw_uid, group=builder.pw_gid)
        make_folder(place.home, mode=0o700, user=runner.pw_uid, group=group)
        make_folder(place.shared, mode=0o711, user=runner.pw_uid, group=group)
        make_folder(place.releases, mode=0o711)
        make_folder(self._layout.log, mode=0o2750, group=ours)
        make_folder(place.log, mode=0o2750, group=ours)
        make_folder(self._layout.run, mode=0o755)
        make_folder(place.run, mode=0o755)
        if not place.attempts.exists():
            create_all([File(place.attempts, "", 0o640, ours)])

    def remove(self, app: str) -> None:
        """Delete the app's users; their files are deleted elsewhere."""
        for name in (app_user(app), build_user(app)):
            if _user(name) is not None:
                command.run(Command(["userdel", name]))

    def app_group(self, app: str) -> int | None:
        """The group of the app's own user."""
        return pwd.getpwnam(app_user(app)).pw_gid

    def app_user(self, app: str) -> str:
        """`pd-blog`."""
        return app_user(app)

    def build_user(self, app: str) -> str:
        """`pb-blog`."""
        return build_user(app)

    def receiver(self) -> str | None:
        """`deploy`."""
        return RECEIVER

    def own_work(self, app: str, folders: Sequence[Path]) -> None:
        """Writable and readable by the build user alone.

        They are made in a folder of ours and handed over last, so that none is made below a
        folder that another may change.
        """
        builder = pwd.getpwnam(build_user(app))
        for folder in folders:
            make_folder(folder, mode=0o700)
        for folder in reversed(folders):
            make_folder(folder, mode=0o700, user=builder.pw_uid, group=builder.pw_gid)

    def own_venv(self, app: str, folder: Path) -> None:
        """Writable by the build user alone, readable by the app."""
        make_folder(
            folder,
            mode=0o2750,
            user=pwd.getpwnam(build_user(app)).pw_uid,
            group=pwd.getpwnam(app_user(app)).pw_gid,
        )


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _ensure_user(name: str, home: Path) -> pwd.struct_passwd:
    found = _user(name)
    if found is None:
        command.run(
            Command(
                [
                    "useradd",
                    "--system",
                    "--user-group",
                    "--no-create-home",
                    f"--home-dir={home}",
                    "--shell=/usr/sbin/nologin",
                    "--comment=pushdeploy",
                    name,
                ]
            )
        )
        found = _user(name)
    if found is None:
        raise UnavailableError(f"the user `{name}` could not be made", hint=f"useradd {name}")
    return found
