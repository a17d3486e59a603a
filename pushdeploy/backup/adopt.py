"""What came out of a backup becomes an app of this server, under its name or another.

One rename makes it one. It then looks like an app whose folders were unpacked here: what makes
owners right and brings apps live does the same for it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.apps.lifecycle import choose_port
from pushdeploy.errors import NotFoundError, RefusedInputError, UsageError
from pushdeploy.model.database import SQL, URLS
from pushdeploy.model.environment import parse_shell, render_shell
from pushdeploy.model.layout import redis_socket
from pushdeploy.model.ownership import Contents
from pushdeploy.model.release import parse_release, render_release
from pushdeploy.model.settings import CertificateKind, parse_settings, render_settings
from pushdeploy.records.app_records import readable_settings
from pushdeploy.system import files
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.files import File, write
from pushdeploy.system.locks import held
from pushdeploy.system.owned_tree import Owner, Tree, walk

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.app_layout import AppLayout
    from pushdeploy.model.settings import AppSettings

OURS = Contents()
"""Everything root's, before an app has it."""


def is_unfinished(machine: Machine, app: str) -> bool:
    """Whether an app came out of a backup and waits for its databases: then it is not live."""
    return machine.layout.app(app).settings.exists() and machine.layout.app(app).dumps.is_dir()


def refuse_present(machine: Machine, app: str, hint: str | None = None) -> None:
    """See that no app of the name is here: nothing that lives is overwritten.

    Args:
        machine: this one.
        app: the name.
        hint: what to type instead.

    Raises:
        UsageError: one is.
    """
    if machine.layout.app(app).settings.exists():
        raise UsageError(
            f"`{app}` is on this server, and a restore overwrites nothing",
            hint=hint,
        )


def put_in_place(machine: Machine, app: str, to: str, *, by_owner: bool) -> list[str]:
    """Make what came out of a backup an app of this server; returns what is not as it was.

    Raises:
        NotFoundError: the backup does not have it.
        UsageError: an app of the name was made meanwhile.
    """
    came = machine.layout.backup.restored / machine.layout.backup.set_apps.name / app
    if not (came / machine.layout.app(app).settings.name).is_file():
        raise NotFoundError(f"that backup has no app `{app}`", hint="pushdeploy backup:list")
    _give_to_us(came)
    with held(machine.layout.apps_lock, who="pushdeploy", what="restoring an app"):
        refuse_present(machine, to)
        notes = _adapt(machine, came, app, to, by_owner=by_owner)
        target = machine.layout.app(to)
        _hold_back(came, target)
        machine.layout.apps.mkdir(parents=True, exist_ok=True)
        files.delete_tree(target.root)  # what is left of one that was never made
        files.sync_filesystem(came)
        came.rename(target.root)
        files.sync_folder(machine.layout.apps)
        reached(Point.RESTORE_RENAMED)
    return notes


def _hold_back(came: Path, place: AppLayout) -> None:
    """What makes it live waits beside the dumps: nothing runs on a database that is empty."""
    dumps = came / place.dumps.name
    if dumps.is_dir():
        for name in (path.name for path in held_back(place)):
            if os.path.lexists(came / name):
                (came / name).rename(dumps / name)
    reached(Point.RESTORE_HELD)


def held_back(place: AppLayout) -> tuple[Path, ...]:
    """What makes an app live: it waits beside the dumps until its databases are filled."""
    return (place.previous, place.history, place.current)


def _give_to_us(folder: Path) -> None:
    """Numbers of another server's users are nobody's here; whoever has them is a stranger."""
    if os.geteuid() != 0:
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchown(descriptor, 0, 0)
        os.fchmod(descriptor, 0o700)
        found = os.fstat(descriptor)
        walk(descriptor, OURS, Owner(0, 0), Tree(found.st_dev))
    finally:
        os.close(descriptor)


def _adapt(machine: Machine, came: Path, app: str, to: str, *, by_owner: bool) -> list[str]:
    """Its settings for this server: a port that is free; of a copy, no name of the first one's."""
    path = came / machine.layout.app(to).settings.name
    settings = parse_settings(path.read_text())
    changed, notes = settings, []
    if settings.system_packages and not by_owner:  # root may have forbidden it since
        changed = changed.changed(system_packages=False)
        notes.append(f"to let its Aptfile install packages: sudo pushdeploy apt:allow --app {to}")
    if to != app:
        changed = changed.changed(domains=(), certified=(), certificate=CertificateKind.NONE)
        if settings.domains:
            notes.append(f"its domains stay with {app}: {', '.join(settings.domains)}")
        _rename_records(machine, came, app, to)
    elif taken := _taken(machine, settings, to):
        left = tuple(domain for domain in settings.domains if domain not in taken)
        changed = changed.changed(domains=left)
        notes += [f"`{domain}` belongs to {other} now" for domain, other in taken.items()]
    port = _port(machine, changed, to)
    if port != settings.port:
        changed = changed.changed(port=port)
        notes.append(f"port {settings.port} is taken, so it has {port}")
    write(File(path, render_settings(changed), 0o640))
    reached(Point.RESTORE_ADAPTED)
    return notes


def _taken(machine: Machine, settings: AppSettings, to: str) -> dict[str, str]:
    """Those of its domains that another app has here, and which: nginx would only warn."""
    others, _ = readable_settings(machine.layout)
    return {
        domain: other
        for other, one in others.items()
        if other != to
        for domain in settings.domains
        if domain in one.domains
    }


def _port(machine: Machine, settings: AppSettings, to: str) -> int:
    """The one that it had, if nobody has it here; else the next that is free."""
    others, _ = readable_settings(machine.layout)
    taken = {one.port for one in others.values()}
    if settings.port not in taken and machine.ports.holder(settings.port) is None:
        return settings.port
    return choose_port(machine, to)


def _rename_records(machine: Machine, came: Path, app: str, to: str) -> None:
    """Each release says whose it is, and names the copy's own database."""
    for record in sorted(came.glob(f"releases/v*/{machine.layout.app(to).release(1).record.name}")):
        try:
            release = parse_release(record.read_text())
        except RefusedInputError:  # it is rebuilt without it, as anywhere
            continue
        write(File(record, render_release(replace(release, app=to)), 0o640))
    name = machine.layout.app(to).pending_environment.name
    for path in (came / name, *came.glob(f"releases/v*/{name}")):
        if path.is_file():
            _point_to_own(path, app, to)
    reached(Point.RESTORE_RECORDS)


def _point_to_own(path: Path, app: str, to: str) -> None:
    """Config vars with the address of the first one's database: no user but its own is let in.

    Of a Redis its socket alone is looked for: the address has more than one scheme.
    """
    before = parse_shell(path.read_bytes().decode())
    moved = {URLS[kind](app): URLS[kind](to) for kind in SQL}
    socket, own_socket = str(redis_socket(app)), str(redis_socket(to))
    pointed = {
        name: moved.get(value) or value.replace(socket, own_socket)
        for name, value in before.values.items()
    }
    named = {name: value for name, value in pointed.items() if value != before.values[name]}
    if named:
        write(File(path, render_shell(before.set(named)), 0o600))
    reached(Point.RESTORE_POINTED)
