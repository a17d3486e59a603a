"""Who nginx's workers are: `www-data` on Debian, `nginx` by nginx.org's packages, or as it is told.

They reach the apps' sockets by one group of ours that they are members of, whoever they are.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from typing import TYPE_CHECKING

from pushdeploy.model.app_layout import WEB_SOCKETS
from pushdeploy.model.nginx_file import worker
from pushdeploy.system import users
from pushdeploy.system.unit_files import PROXY_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pushdeploy.model.nginx_file import Directive

ROOT = "root"
COMPILED = "nobody"
"""What nginx was told when it was built, unless `nginx -V` says otherwise."""


def worker_user(directives: Iterable[Directive], built: str) -> str:
    """The user of the workers.

    Args:
        directives: of nginx's files.
        built: what `nginx -V` prints.
    """
    found = worker(directives)
    if found is not None:
        return found[0]
    match = re.search(r"--user=(\S+)", built)
    return match[1] if match else COMPILED


def is_member(user: str) -> bool:
    """True when the user, and nobody else, is a member of the group; root needs no group."""
    return _wanted(user) in (None, users.members(PROXY_GROUP))


def ensure_member(user: str) -> bool:
    """Make it so; returns False when it was. Workers that run learn of it by a reload."""
    before, wanted = users.members(PROXY_GROUP), _wanted(user)
    if wanted is None:  # nginx itself will say so
        return False
    for name in sorted(wanted - before):
        users.add_member(PROXY_GROUP, name)
    for name in sorted(before - wanted):
        users.remove_member(PROXY_GROUP, name)
    return before != wanted


def own_sockets(run: Path) -> None:
    """Hand sockets to the group that an older version, or somebody, made for another one.

    Args:
        run: the folder of all apps' sockets; below it, only root makes anything.
    """
    group = grp.getgrnam(PROXY_GROUP).gr_gid
    for path in run.glob(WEB_SOCKETS):
        found = path.lstat()
        if stat.S_ISSOCK(found.st_mode) and found.st_gid != group:
            os.chown(path, 0, group, follow_symlinks=False)


def _wanted(user: str) -> set[str] | None:
    """The members that there should be; `None` when there is no such user."""
    if user not in {one.pw_name for one in pwd.getpwall()}:
        return None
    return set() if user == ROOT else {user}
