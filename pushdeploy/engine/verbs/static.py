"""Folders that nginx serves by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import QUERY_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.errors import NotFoundError
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked
    from pushdeploy.model.settings import AppSettings


@dataclass(frozen=True, slots=True)
class Static:
    """The folder of each URL."""

    folders: dict[str, str]


@dataclass(frozen=True, slots=True)
class Mounted:
    """A folder is served."""

    note: str
    """What else there is to say; most often nothing."""


@verb("static", Static, right=Right.LOOK, seconds=QUERY_SECONDS)
def static(asked: Asked) -> Static:
    """List them."""
    return _folders(asked.records().settings())


@verb("static.add", Mounted, right=Right.PROXY)
def add(asked: Asked, *, url: str, folder: str) -> Mounted:
    """Serve a `folder` at a `url`."""
    from pushdeploy.model.static_mount import parse_static_mount
    from pushdeploy.proxy.static import add_mount

    mount = parse_static_mount(url, folder)
    _, note = add_mount(asked.machine, asked.app, mount)
    return Mounted(note)


@verb("static.remove", Static, right=Right.PROXY)
def remove(asked: Asked, *, url: str) -> Static:
    """Leave a `url` to the app."""
    from pushdeploy.proxy.sites import change_site

    gone = url.rstrip("/")

    def without(before: AppSettings) -> AppSettings:
        if gone not in {one.url for one in before.static}:
            raise NotFoundError(
                f"`{gone}` is not a static mount that was added",
                hint=f"pushdeploy static --app {asked.app}",
            )
        return before.changed(static=tuple(one for one in before.static if one.url != gone))

    return _folders(change_site(asked.machine, asked.app, without))


def _folders(settings: AppSettings) -> Static:
    from pushdeploy.model.static_mount import mounts

    return Static({mount.url: mount.folder for mount in mounts(settings.static)})
