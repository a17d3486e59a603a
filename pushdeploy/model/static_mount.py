"""Static mounts: a URL prefix and the folder that nginx serves for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.storage import parse_storage_folder
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

_URL = re.compile(r"/(?:[A-Za-z0-9_-][A-Za-z0-9._~-]*/)*[A-Za-z0-9_-][A-Za-z0-9._~-]*/?", re.ASCII)
_ADD = "pushdeploy static:add"
SHARED = "shared/"
"""A folder that begins so is storage; any other is in the code."""


@dataclass(frozen=True, slots=True)
class StaticMount:
    """`/media` and `shared/media`."""

    url: str
    """Without a slash at the end."""
    folder: str
    """`shared/…` or a folder of the code, without a slash at the end."""

    @property
    def is_default(self) -> bool:
        """Nobody has said otherwise for its URL."""
        return self in DEFAULT_MOUNTS

    @property
    def has_link(self) -> bool:
        """It is at the default's URL, where nginx looks for a link of the release's own."""
        return self.url == DEFAULT_MOUNTS[0].url

    @property
    def shared(self) -> str | None:
        """The storage folder, or `None` when the code holds it."""
        return self.folder.removeprefix(SHARED) if self.folder.startswith(SHARED) else None


DEFAULT_MOUNTS = (StaticMount("/static", "static"),)
DEFAULT_FOLDERS = ("static",)
"""Of the code, that nginx serves when nobody has said otherwise."""


def parse_static_mount(url: str, folder: str) -> StaticMount:
    """A mount as people type it: `/media shared/media`.

    Raises:
        UsageError: the URL has another form; `/` would hide the app.
        RefusedInputError: the folder has.
    """
    if not _URL.fullmatch(url):
        raise UsageError(
            f"{quoted(url)} is not a URL prefix such as `/media`", hint=_meant(url, folder)
        )
    shared = folder.startswith(SHARED)
    try:
        inner = parse_storage_folder(folder.removeprefix(SHARED) if shared else folder)
    except RefusedInputError as error:
        raise RefusedInputError(
            f"{quoted(folder)} is neither a folder of the code, such as `public`, nor one of "
            "storage, such as `shared/media`",
            hint=_meant(url, folder),
        ) from error
    return StaticMount(url.rstrip("/"), f"{SHARED}{inner}" if shared else inner)


def _meant(url: str, folder: str) -> str:
    """The command as it was meant: `media shared/media`, `/media /public`, `public /media`."""
    ways = ((url, folder), (f"/{url}", folder), (url, folder.strip("/")), (folder, url))
    return next(
        (f"{_ADD} {one} {other}" for one, other in ways if _is_mount(one, other)),
        f"{_ADD} /media shared/media",
    )


def _is_mount(url: str, folder: str) -> bool:
    try:
        parse_storage_folder(folder.removeprefix(SHARED))
    except RefusedInputError:
        return False
    return _URL.fullmatch(url) is not None


def mounts(added: Iterable[StaticMount]) -> tuple[StaticMount, ...]:
    """The default mounts and the added ones; an added one with the same URL wins."""
    by_url = {mount.url: mount for mount in (*DEFAULT_MOUNTS, *added)}
    return tuple(by_url[url] for url in sorted(by_url))


def code_folders(added: Iterable[StaticMount]) -> tuple[str, ...]:
    """The folders of the code that nginx serves; the default one may be served by the app."""
    folders = {mount.folder for mount in mounts(added) if mount.shared is None}
    return tuple(sorted(folders | set(DEFAULT_FOLDERS)))
