"""What a backup's apps need of the server beside it: seen before anything is changed."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError, UnavailableError
from pushdeploy.events import RestoreStep
from pushdeploy.model.aptfile import APTFILE, advice, parse_aptfile
from pushdeploy.model.backup_needs import Needs, parse_needs, render_needs
from pushdeploy.model.database import NAMES, Database
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.files import File, write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pushdeploy.events import Report
    from pushdeploy.machine.databases import Redis, SqlServer
    from pushdeploy.machine.machine import Machine

LONGEST = 64 << 10
"""Bytes of an Aptfile."""


def stage_needs(machine: Machine, apps: Iterable[str]) -> None:
    """Write into a backup what its apps need."""
    needs: dict[str, Needs] = {}
    for app in apps:
        with suppress(PushdeployError):  # destroyed since; what it was is in the backup
            needs[app] = _of(machine, app)
    write(File(machine.layout.backup.needs, render_needs(needs), 0o600))
    reached(Point.BACKUP_NEEDS)


def _of(machine: Machine, app: str) -> Needs:
    place = machine.layout.app(app)
    settings, release = AppRecords(place).settings(), AppRecords(place).live_release()
    text = "" if release is None else _text(place.slugs / release.checked_out / APTFILE)
    return Needs(settings.databases, parse_aptfile(text), settings.system_packages)


def _text(path: Path) -> str:
    """Of a file that came with a push; none when it is no plain file."""
    with suppress(OSError, UnicodeDecodeError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(LONGEST).decode()
    return ""


@dataclass(slots=True)
class Lacking:
    """What a server lacks, and for which apps."""

    databases: dict[Database, list[str]] = field(default_factory=dict)
    packages: dict[str, list[str]] = field(default_factory=dict)
    forbidden: dict[str, str] = field(default_factory=dict)
    """By app, what is said of packages that nobody has allowed it."""

    def __str__(self) -> str:
        """`PostgreSQL (for blog, shop), libvips42 (for blog)`."""
        named = {NAMES[kind]: apps for kind, apps in self.databases.items()}
        return ", ".join(
            f"{what} (for {', '.join(apps)})" for what, apps in (named | self.packages).items()
        )


def lacking(machine: Machine, path: Path, app: str, *, by_owner: bool) -> Lacking:
    """What this server lacks of what the apps of a backup need.

    Args:
        machine: this one.
        path: what the backup says of it; one of a former version says nothing.
        app: the one that is restored; empty: all.
        by_owner: root asks, so an app may again have packages installed if it might.
    """
    needs = parse_needs(path.read_text()) if path.is_file() else {}
    found = Lacking()
    for name, one in needs.items():
        if app not in ("", name):
            continue
        for kind in one.databases:
            if not _server(machine, kind).is_installed():
                found.databases.setdefault(kind, []).append(name)
        missing = machine.packages.missing(one.packages)
        if missing and not (one.allowed and by_owner):
            found.forbidden[name] = "{} ({})".format(*advice(missing))
            continue
        for package in missing:
            found.packages.setdefault(package, []).append(name)
    return found


def meet(machine: Machine, needed: Lacking, tell: Report, *, install: bool) -> None:
    """See that nothing is lacking, or install it.

    Raises:
        UnavailableError: something is lacking; or could not be installed.
    """
    if not needed.databases and not needed.packages:
        return
    if not install:
        raise UnavailableError(
            f"this server lacks {needed}; nothing was changed",
            hint="the same command with --install installs that first",
        )
    tell(RestoreStep(f"Installing {needed}"))
    for kind in needed.databases:
        _server(machine, kind).install()
    if needed.packages:
        machine.packages.install(tuple(needed.packages))
    reached(Point.RESTORE_INSTALLED)


def _server(machine: Machine, kind: Database) -> SqlServer | Redis:
    return machine.redis if kind is Database.REDIS else machine.sql(kind)
