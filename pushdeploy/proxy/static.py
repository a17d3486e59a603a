"""Static mounts: folders that nginx serves by itself, and whether it may read them."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError, UsageError
from pushdeploy.model.static_mount import SHARED, code_folders
from pushdeploy.model.text import quoted
from pushdeploy.proxy.sites import change_site, proxy_of
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system import command
from pushdeploy.system.command import Command

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.settings import AppSettings
    from pushdeploy.model.static_mount import StaticMount

OPEN_SECONDS = 600.0
"""A storage folder with millions of files on a slow disk."""


def add_mount(machine: Machine, app: str, mount: StaticMount) -> tuple[AppSettings, str]:
    """Have nginx serve a folder; returns the settings, and what else there is to know.

    Raises:
        UsageError: nginx would serve nothing there: a link, a file, no storage folder.
        UnavailableError: nginx refuses, or may not read it all the same.
    """
    place = machine.layout.app(app)
    if mount.shared is None:
        folder = place.current / "code" / mount.folder
        _refuse_storage(machine, app, mount)
        _refuse_link(app, place.current / "code", mount.folder)
    else:
        folder = place.shared / mount.shared
        _refuse_link(app, place.shared, mount.shared)
        if not folder.is_dir():
            raise UsageError(
                f"`{mount.shared}` is not a storage folder of `{app}`",
                hint=f"pushdeploy storage:add {mount.shared}/ --app {app}, then the same again",
            )
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            f"`{mount.folder}` is a file, and only a folder can be served",
            hint=_around(mount, app),
        )

    def added(before: AppSettings) -> AppSettings:
        others = tuple(one for one in before.static if one.url != mount.url)
        return before.changed(static=(*others, mount))

    after = change_site(machine, app, added)
    _open(machine, app, mount, after)
    if not folder.is_dir():
        return after, f"The live release has no `{mount.folder}/`; a later push may bring it."
    return after, _unreadable(machine, folder)


def _around(mount: StaticMount, app: str) -> str:
    """What serves a file, if it lies in a folder: that one."""
    parent = str(PurePosixPath(mount.folder).parent)
    if parent in (".", SHARED.rstrip("/")):
        return "move it to a folder of its own, such as `public/`, and name that"
    return f"pushdeploy static:add {mount.url} {parent} --app {app}"


def _refuse_storage(machine: Machine, app: str, mount: StaticMount) -> None:
    """In the code, storage is a link."""
    storage = AppRecords(machine.layout.app(app)).settings().storage
    for folder in storage:
        if f"{mount.folder}/".startswith(f"{folder}/"):
            raise UsageError(
                f"`{folder}` is storage, and in the code only a link, which nginx does not follow",
                hint=f"pushdeploy static:add {mount.url} shared/{mount.folder} --app {app}",
            )


def _refuse_link(app: str, root: Path, folder: str) -> None:
    """Nginx follows no link below the root: its target may be anything."""
    for one in [*reversed(PurePosixPath(folder).parents[:-1]), PurePosixPath(folder)]:
        if (root / one).is_symlink():
            raise UsageError(
                f"`{one}` of `{app}` is a link, and nginx follows no links",
                hint="name the folder that it leads to, or put a real folder there",
            )


def _open(machine: Machine, app: str, mount: StaticMount, settings: AppSettings) -> None:
    """Let nginx read what lies there, by its owner's hand."""
    place = machine.layout.app(app)
    if mount.shared is None:
        public = list(code_folders(settings.static))
        machine.checkout_worker.ask("open_folders", slugs=str(place.slugs), public=public)
        return
    user = machine.accounts.run_as(app)
    inner = PurePosixPath(mount.shared)
    way = [str(place.shared / one) for one in inner.parents[:-1]]
    if way:
        command.run(Command(["chmod", "o+x", "--", *way], user=user))
    whole = ["chmod", "--recursive", "o+rX", "--", str(place.shared / inner)]
    command.attempt(Command(whole, user=user), seconds=OPEN_SECONDS)  # some may be another user's


def _unreadable(machine: Machine, folder: Path) -> str:
    """As nginx's workers, look for what they may not read; returns a sentence, or nothing.

    Raises:
        UnavailableError: it is the folder itself.
    """
    user = proxy_of(machine).worker()
    closed = ["(", "-type", "d", "!", "-executable", "-o", "!", "-readable", ")", "-print", "-quit"]
    hidden = ["-name", ".*", "-prune", "-o"]
    line = Command(["find", f"{folder}/", "-mindepth", "1", *hidden, *closed], user=user)
    found = command.attempt(line, seconds=OPEN_SECONDS)
    if command.attempt(Command(["test", "-x", str(folder)], user=user)).status != 0:
        raise UnavailableError(
            f"nginx can't read `{folder}`", hint=f"namei -l {folder} shows what {user} may not"
        )
    path = found.stdout.rstrip("\n")
    if not path:
        return ""
    cure = f"sudo chmod --recursive o+rX {folder}"
    return f"nginx can't read {quoted(path)}, and maybe others. To let it: {cure}"
