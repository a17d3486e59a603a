"""Who owns what: the closed list of what pushdeploy makes on a server.

One line a path, parents before what is in them. `pushdeploy/system/ownership.py` makes it so, and
`docs/reference/files.md` shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.model.account import GIT_USER, OURS
from pushdeploy.model.app import app_user, build_user
from pushdeploy.model.app_layout import COMPLETE, ReleaseLayout
from pushdeploy.model.layout import holder_of, keys_lock

if TYPE_CHECKING:
    from pushdeploy.model.app_layout import AppLayout
    from pushdeploy.model.layout import Layout
    from pushdeploy.model.room_layouts import ProxyLayout

ROOT = "root"

PASSED = 0o711
"""Of a folder that others have to pass through, such as nginx and apps; they can't list it."""

UNITS = Path("/etc/systemd/system")
UNIT_KINDS = ("path", "service", "socket", "timer")


class Kind(StrEnum):
    """What a path is."""

    FOLDER = "folder"
    FILE = "file"
    LINK = "link"
    SOCKET = "socket"


@dataclass(frozen=True, slots=True)
class Contents:
    """What holds for everything in a folder, however deep: it has the folder's owner."""

    group: bool = True
    """And the folder's group; else the owner may give his files to any."""
    folders: int = 0
    files: int = 0
    """Mode bits that each has at least."""
    forbidden: int = 0
    """Mode bits that none has."""
    signs: tuple[str, ...] = ("*",)
    """What is looked at each time: patterns below the folder. When one of them is not as it should
    be, all of it is fixed."""


@dataclass(frozen=True, slots=True)
class Owned:
    """A path with its owner."""

    path: Path
    """The last parts may be patterns; a `*` stands for one name without a dot at its front."""
    user: str
    group: str
    mode: int | None
    """`None` for a link, whose mode means nothing."""
    kind: Kind = Kind.FOLDER
    made: bool = False
    """It is made when it is not there, empty."""
    contents: Contents | None = None
    having: str = ""
    """Only folders count that have a file of this name."""


OWN = Contents(folders=0o700, files=0o400)
"""What an app or a build writes as it likes."""

REPO = Contents(
    folders=0o700,
    files=0o400,
    forbidden=0o022,
    signs=("*", "objects/*", "objects/pack/*", "refs/*", "refs/heads/*", "logs/refs/heads/*"),
)
"""Two levels: what root does in a repo by hand, such as `git gc`, leaves files of root's there."""

CODE = Contents(folders=0o750, files=0o440, forbidden=0o022)
"""Read by the app, written by nobody any more."""

VENV = Contents(folders=0o750, files=0o440, forbidden=0o022, signs=(COMPLETE, "bin", "lib"))

PYTHONS = Contents(folders=0o755, files=0o444, forbidden=0o022, signs=("*", "*/bin", "*/bin/*"))

TOOL = Contents(
    folders=0o755,
    files=0o444,
    forbidden=0o022,
    signs=("*", f"*/{COMPLETE}", "*/*", "*/bin/*", "*/hooks/*", "*/venv/*"),
)
"""What root runs."""


def server_owned(layout: Layout) -> tuple[Owned, ...]:
    """What every server has."""
    settings, state, proxy = layout.settings, layout.state, layout.proxy
    locks = (layout.apps_lock, layout.pythons_lock, proxy.lock)
    return (
        _folder(settings, PASSED, made=True),
        _file(layout.server_settings, 0o600),
        Owned(layout.keys.parent, ROOT, GIT_USER, 0o750, made=True),  # sshd reads as who logs in
        Owned(layout.keys, ROOT, GIT_USER, 0o640, Kind.FILE, made=True),
        _file(keys_lock(layout.keys), 0o600),
        _file(holder_of(keys_lock(layout.keys)), 0o600),
        _folder(layout.own_certificates, 0o700),
        _file(layout.own_certificates / "*", 0o600),
        _folder(layout.backup.said, 0o700),
        _file(layout.backup.said / "*", 0o600),
        _folder(state, PASSED, made=True),
        _folder(layout.backup.state, 0o700),
        _file(layout.backup.last, 0o600),
        _file(layout.notices.addresses, 0o600),
        _folder(layout.notices.state, 0o700),
        _file(layout.notices.memory, 0o600),
        _folder(layout.accounts, 0o700, made=True),
        _file(layout.accounts / "*", 0o600),
        _folder(layout.login_home, PASSED, made=True),
        *_proxy_owned(proxy),
        *(_file(lock, 0o600) for lock in locks),
        *(_file(holder_of(lock), 0o600) for lock in locks),
        *(_file(note, 0o600) for note in (proxy.loaded, proxy.welcome)),
        _folder(layout.pythons, contents=PYTHONS),
        Owned(layout.first_pushes, GIT_USER, GIT_USER, 0o700, made=True, contents=OWN),
        _folder(layout.apps, PASSED, made=True),
        Owned(layout.sessions, GIT_USER, GIT_USER, 0o700, made=True, contents=OWN),
        Owned(layout.log, ROOT, OURS, 0o2750, made=True),
        _folder(layout.run, PASSED, made=True),
        Owned(layout.engine_socket, ROOT, OURS, 0o660, Kind.SOCKET),
        Owned(layout.root_socket, ROOT, ROOT, 0o600, Kind.SOCKET),
        *_elsewhere(),
    )


def app_owned(place: AppLayout) -> tuple[Owned, ...]:
    """What every app has."""
    runner, builder = app_user(place.name), build_user(place.name)
    return (
        _folder(place.root, PASSED, made=True),
        Owned(place.settings, ROOT, OURS, 0o640, Kind.FILE),
        _file(place.addresses, 0o600),
        _file(place.pending_environment, 0o600),
        Owned(place.repo, GIT_USER, GIT_USER, 0o700, made=True, contents=REPO),
        Owned(place.slugs, GIT_USER, runner, 0o2751, made=True, contents=CODE),
        Owned(place.venvs, ROOT, runner, 0o2711, made=True),
        Owned(place.venvs / "*", ROOT, runner, 0o2750, contents=VENV, having=COMPLETE),
        _file(place.seed, 0o600),
        Owned(place.build_cache, builder, builder, 0o700, made=True, contents=OWN),
        Owned(place.home, runner, runner, 0o700, made=True, contents=Contents(group=False)),
        Owned(place.shared, runner, runner, 0o711, made=True, contents=Contents(group=False)),
        Owned(place.copies, runner, runner, 0o700),
        _folder(place.dumps, 0o700),
        Owned(place.redis, runner, runner, 0o700, contents=OWN),
        _folder(place.releases, PASSED, made=True),
        *_release_owned(ReleaseLayout(place.releases / "v*"), runner),
        _folder(place.cron, 0o700, made=True),
        _file(place.cron / "*", 0o600),
        _link(place.current),
        _link(place.previous),
        _file(place.maintenance),
        Owned(place.attempts, ROOT, OURS, 0o640, Kind.FILE, made=True),
        *(
            _file(path, 0o600)
            for path in (place.attempts_archive, place.history, place.history_archive, place.lock)
        ),
        _file(holder_of(place.lock), 0o600),
        Owned(place.log, ROOT, OURS, 0o2750, made=True),
        Owned(place.log / "*", ROOT, OURS, 0o640, Kind.FILE),
        _folder(place.run, PASSED, made=True),
    )


def _elsewhere() -> tuple[Owned, ...]:
    """In other programs' folders."""
    nginx, tool = Path("/etc/nginx"), Path("/opt/pushdeploy")
    return (
        _folder(tool, contents=TOOL),
        _link(Path("/usr/local/bin/pushdeploy")),
        *(_file(UNITS / f"pushdeploy.*.{kind}") for kind in UNIT_KINDS),
        _file(UNITS / "pushdeploy.slice"),
        _file(Path("/etc/ssh/sshd_config.d/60-pushdeploy.conf")),
        _file(nginx / "conf.d/pushdeploy*.conf", 0o640),
        _folder(nginx / "pushdeploy"),
        _folder(nginx / "pushdeploy/*"),
        _file(Path("/etc/needrestart/conf.d/pushdeploy.conf")),
        _file(Path("/etc/systemd/journald.conf.d/pushdeploy.conf")),
        _file(Path("/etc/letsencrypt/renewal-hooks/deploy/pushdeploy"), 0o755),
    )


def _folder(
    path: Path, mode: int = 0o755, *, made: bool = False, contents: Contents | None = None
) -> Owned:
    return Owned(path, ROOT, ROOT, mode, made=made, contents=contents)


def _file(path: Path, mode: int = 0o644, *, made: bool = False) -> Owned:
    return Owned(path, ROOT, ROOT, mode, Kind.FILE, made=made)


def _link(path: Path) -> Owned:
    return Owned(path, ROOT, ROOT, None, Kind.LINK)


def _release_owned(release: ReleaseLayout, runner: str) -> tuple[Owned, ...]:
    return (
        _folder(release.root, PASSED),
        *(
            _link(link)
            for link in (release.code, release.source, release.begun, release.venv, release.run)
        ),
        _folder(release.public, PASSED),
        _link(release.public / "*"),
        Owned(release.record, ROOT, OURS, 0o640, Kind.FILE),
        Owned(release.environment, ROOT, runner, 0o640, Kind.FILE),
        _folder(release.starts, PASSED),
        Owned(release.start("*"), ROOT, runner, 0o750, Kind.FILE),
        Owned(release.start(".run"), ROOT, runner, 0o750, Kind.FILE),
    )


def _proxy_owned(proxy: ProxyLayout) -> tuple[Owned, ...]:
    return (
        _folder(proxy.acme, contents=Contents(files=0o444, folders=0o555, forbidden=0o022)),
        _folder(proxy.pages),
        _file(proxy.pages / "*"),
        _folder(proxy.refusing, 0o700),
        _file(proxy.refusing / "*", 0o600),
    )
