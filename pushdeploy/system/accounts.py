"""The users of a server and what they own (docs/explanation/who-may-do-what.md)."""

from __future__ import annotations

import pwd
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.account import FRONT, GIT_USER, OURS
from pushdeploy.model.app import app_user, build_user
from pushdeploy.model.ownership import app_owned, server_owned
from pushdeploy.system import users
from pushdeploy.system.app_users import own_users, user_id
from pushdeploy.system.files import make_folder
from pushdeploy.system.own_users import NO_PASSWORD, OwnUsers, Wanted
from pushdeploy.system.owned_tree import Owner
from pushdeploy.system.ownership import Findings, set_right
from pushdeploy.system.seal import seal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pushdeploy.model.layout import Layout
    from pushdeploy.model.ownership import Owned

LOGIN_SHELL = "/bin/sh"
"""What sshd starts the forced command with."""


class ServerAccounts:
    """Own users for each app."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.users = OwnUsers(layout)

    def ensure_server(self, *, deep: bool = False) -> Findings:
        """Make what every server has, users and folders, or fix it; the engine listens then.

        Raises:
            UnavailableError: somebody else made a user or group of ours.
        """
        made = Findings(self.ensure_users())
        found = made + _set_right(server_owned(self._layout), deep=deep)
        sockets = (self._layout.engine_socket, self._layout.root_socket)
        if not all(socket.exists() for socket in sockets):
            from pushdeploy.system.server_units import open_engine  # noqa: PLC0415 - slow, rare

            found.made += open_engine(self._layout)
        return found

    def ensure_users(self) -> list[str]:
        """The users and the group that every server has; returns what was done.

        Raises:
            UnavailableError: somebody else made one of that name.
        """
        self.users.refuse_foreign(OURS, GIT_USER, FRONT)
        login = Wanted(GIT_USER, self._layout.login_home, LOGIN_SHELL, NO_PASSWORD)
        did = self.users.ensure(login, Wanted(FRONT))
        did += self.users.ensure_group(OURS)
        if GIT_USER not in users.members(OURS):
            users.add_member(OURS, GIT_USER)
            did.append(f"put {GIT_USER} into the group {OURS}")
        return did

    def ensure(self, app: str, *, deep: bool = False) -> Findings:
        """Make the app's two users and its folders, each with its owner and mode.

        Raises:
            UnavailableError: somebody else made a user or group of that name, and nothing was
                changed; or something else has the place of a folder.
        """
        made = Findings(self.users.ensure(Wanted(app_user(app)), Wanted(build_user(app))))
        self.seal_venvs(app)
        place = self._layout.app(app)
        above = {*place.root.parents, *place.log.parents, *place.run.parents}
        around = [line for line in server_owned(self._layout) if line.path in above]
        return made + _set_right([*around, *app_owned(place)], deep=deep)

    def refuse_foreign(self, app: str) -> None:
        """See that the names of the app's users are free, or ours.

        Raises:
            UnavailableError: somebody else made a user or group of such a name.
        """
        self.users.refuse_foreign(app_user(app), build_user(app))

    def remove(self, app: str) -> None:
        """Delete the app's users, and what they left outside of its folders; not a stranger's."""
        self.users.remove(app_user(app), build_user(app))

    def app_group(self, app: str) -> int | None:
        """The group of the app's own user."""
        return _known(app_user(app)).pw_gid

    def app_user(self, app: str) -> str:
        """`pd-blog`."""
        return app_user(app)

    def user_id(self, app: str) -> int | None:
        """The number of that user."""
        return user_id(app_user(app))

    def own_users(self, app: str) -> set[int]:
        """Those of that user and of the build user."""
        return own_users(app)

    def build_user(self, app: str) -> str:
        """`pb-blog`."""
        return build_user(app)

    def run_as(self, app: str) -> str | None:
        """The app's own user: root writes nothing where an app may."""
        return app_user(app)

    def git_user(self) -> str | None:
        """`deploy`."""
        return GIT_USER

    def own_work(self, app: str, folders: Sequence[Path]) -> None:
        """Writable and readable by the build user alone.

        They are made in a folder of ours and handed over last, so that none is made below a
        folder that another may change.
        """
        builder = _known(build_user(app))
        for folder in folders:
            make_folder(folder, mode=0o700)
        for folder in reversed(folders):
            make_folder(folder, mode=0o700, user=builder.pw_uid, group=builder.pw_gid)

    def own_venv(self, app: str, folder: Path) -> None:
        """Writable by the build user alone, readable by the app."""
        make_folder(
            folder,
            mode=0o2750,
            user=_known(build_user(app)).pw_uid,
            group=_known(app_user(app)).pw_gid,
        )

    def seal(self, app: str, folder: Path) -> None:
        """Give it to the git user, as any slug; the app's group reads it."""
        owner = Owner(_known(GIT_USER).pw_uid, _known(app_user(app)).pw_gid)
        seal(folder, owner)

    def venv_owner(self, app: str) -> Owner | None:
        """The build user, until the venv is complete."""
        return Owner(_known(build_user(app)).pw_uid, _known(app_user(app)).pw_gid)

    def seal_venvs(self, app: str) -> None:
        """Those that are the build user's still; whatever else is not right, `ensure` tells."""
        place, builder = self._layout.app(app), _known(build_user(app)).pw_uid
        new = [path for path in place.venvs.glob("*") if path.lstat().st_uid == builder]
        lines = [line for line in app_owned(place) if line.path.parent == place.venvs]
        set_right(replace(line, path=path) for line in lines for path in new)


def _set_right(owned: Iterable[Owned], *, deep: bool) -> Findings:
    findings = set_right(owned, deep=deep)
    for refused in findings.refused:
        raise UnavailableError(refused, hint=f"ls -ld {refused.split('`')[1]}")
    return findings


def _known(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError as error:
        raise UnavailableError(
            f"the user `{name}` is missing", hint="sudo pushdeploy reconcile"
        ) from error
