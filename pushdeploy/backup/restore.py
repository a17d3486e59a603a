"""Restore: an app out of a backup, under its name or another.

What comes out of restic is root's and lies where root alone can reach it. One rename makes an app
of it, which looks like one whose folders were unpacked here: what makes owners right and brings
apps live does the same for it. Its code and venv are built again from its repo, and it goes live by
its health checks as any release.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.apps.fence import fence_ports
from pushdeploy.apps.lifecycle import choose_port, finish_destroying
from pushdeploy.apps.restore import own
from pushdeploy.backup.server_part import restore_around, restore_server
from pushdeploy.backup.settings import backup_settings
from pushdeploy.databases.dumps import restore
from pushdeploy.deploy.change_release import Change, change_release
from pushdeploy.errors import NotFoundError, PushdeployError, RefusedInputError, UsageError
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.backup import parse_snapshot
from pushdeploy.model.backup_result import Restored, RestoredApp
from pushdeploy.model.database import SQL, URLS
from pushdeploy.model.ended import EndedAs
from pushdeploy.model.environment import parse_shell, render_shell
from pushdeploy.model.layout import redis_socket
from pushdeploy.model.ownership import Contents
from pushdeploy.model.release import Kind, parse_release, render_release
from pushdeploy.model.settings import CertificateKind, parse_settings, render_settings
from pushdeploy.model.typed_command import with_app
from pushdeploy.proxy.sites import apply_sites
from pushdeploy.records.app_records import AppRecords, readable_settings
from pushdeploy.system import files
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.files import File, write
from pushdeploy.system.locks import held
from pushdeploy.system.owned_tree import Owner, Tree, walk
from pushdeploy.watch.databases import start_databases

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pushdeploy.deploy.attempt import Audience
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.app_layout import AppLayout
    from pushdeploy.model.settings import AppSettings

OURS = Contents()
"""Everything root's, before an app has it."""


def restore_app(
    machine: Machine,
    audience: Audience,
    *,
    snapshot: str,
    app: str,
    to: str,
    who: str,
    by_owner: bool = False,
) -> Restored:
    """Bring an app back.

    Args:
        machine: this one.
        audience: who is told.
        snapshot: the number of a backup, or `latest`.
        app: its name in the backup.
        to: its name here.
        who: asks.
        by_owner: that is root: what only root may allow the app is allowed again.

    Raises:
        UsageError: there is an app of that name.
        NotFoundError: there is no such backup, or no such app in it.
        UnavailableError: it can't be read; a user of its name is somebody else's.
    """
    app, to = parse_app_name(app), parse_app_name(to)
    finish_destroying(machine, to)
    if is_unfinished(machine, to):
        return Restored((bring_back(machine, to, audience, (), who),), ())
    refuse_present(machine, to)
    machine.accounts.refuse_foreign(to)
    with _read(machine, snapshot, who, app):
        notes = put_in_place(machine, app, to, by_owner=by_owner)
        if app == to:
            notes += restore_around(machine, app)
    return Restored((bring_back(machine, to, audience, notes, who),), ())


def restore_all(
    machine: Machine, audience: Audience, *, snapshot: str, who: str, by_owner: bool = False
) -> Restored:
    """Bring the whole server back, but for apps that are here.

    Each app comes to its place before the first is built, so that a build that takes long, or
    fails, holds up no other.

    Raises:
        NotFoundError: there is no such backup.
        UnavailableError: it can't be read.
    """
    put: dict[str, list[str]] = {}
    with _read(machine, snapshot, who):
        told = restore_server(machine)
        apps = machine.layout.backup.restored / machine.layout.backup.set_apps.name
        for app in sorted(one.name for one in apps.iterdir()) if apps.is_dir() else ():
            try:
                parse_app_name(app)
                finish_destroying(machine, app)
                if is_unfinished(machine, app):
                    put[app] = []
                    continue
                machine.accounts.refuse_foreign(app)
                put[app] = put_in_place(machine, app, app, by_owner=by_owner)
                put[app] += restore_around(machine, app)
            except PushdeployError as error:
                told.append(f"{app} was left alone: {error.message}")
    return Restored(
        tuple(bring_back(machine, app, audience, notes, who) for app, notes in put.items()),
        tuple(told),
    )


@contextmanager
def _read(machine: Machine, snapshot: str, who: str, app: str = "") -> Iterator[None]:
    """What a backup holds of an app and of the server, or all of it, where root alone can look."""
    place, settings, number = (
        machine.layout.backup,
        backup_settings(machine),
        parse_snapshot(snapshot),
    )
    with held(place.lock, who=who, what="a restore"):
        machine.restic.stop()
        files.delete_tree(place.restored)
        place.restored.mkdir(mode=0o700)
        reached(Point.RESTORE_BEGUN)
        wanted = [f"/{place.set_apps.name}/{app}", f"/{place.set_server.name}"] if app else []
        try:
            machine.restic.restore(settings, number, place.restored, wanted)
            reached(Point.RESTORE_READ)
            yield
        finally:
            files.delete_tree(place.restored)
            reached(Point.RESTORE_SWEPT)


def is_unfinished(machine: Machine, app: str) -> bool:
    """Whether an app came out of a backup and waits for its databases: then it is not live."""
    return machine.layout.app(app).settings.exists() and machine.layout.app(app).dumps.is_dir()


def refuse_present(machine: Machine, app: str) -> None:
    """See that no app of the name is here: nothing that lives is overwritten.

    Raises:
        UsageError: one is.
    """
    if machine.layout.app(app).settings.exists():
        raise UsageError(
            f"`{app}` is on this server, and a restore overwrites nothing",
            hint=f"pushdeploy backup:restore --app {app} --to {app[:22].rstrip('-')}-before",
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


def bring_back(
    machine: Machine, app: str, audience: Audience, notes: Sequence[str], who: str
) -> RestoredApp:
    """Make users and owners, serve it, and bring live what was: by its own health checks."""
    own(machine, app, deep=True)
    reached(Point.RESTORE_OWNED)
    try:
        _restore_databases(machine, app)
        if start_databases(machine, app, AppRecords(machine.layout.app(app)).settings()):
            notes = [*notes, "its Redis is empty: a backup leaves out what it holds"]
    except PushdeployError as error:
        # What waits for its databases is restored by the same command, the rest is in place.
        waits = is_unfinished(machine, app)
        again = f"pushdeploy backup:restore --app {app}" if waits else "pushdeploy reconcile"
        hint = f"{with_app(error.hint, app)}; then: {again}" if error.hint else again
        port = AppRecords(machine.layout.app(app)).settings().port
        return RestoredApp(app, port, None, error.message, hint, tuple(notes))
    fence_ports(machine)
    with held(machine.layout.apps_lock, who="pushdeploy", what="restoring an app"):
        apply_sites(machine)
    reached(Point.RESTORE_SERVED)
    records = AppRecords(machine.layout.app(app))
    port = records.settings().port
    if records.live() is None and records.history().live is None:
        return RestoredApp(app, port, None, "", "", tuple(notes))
    change = Change(Kind.REBUILD, "Restore from a backup")
    try:
        ended = change_release(machine, app, audience, change=change, who=who)
    except PushdeployError as error:
        return RestoredApp(app, port, None, error.message, error.hint or "", tuple(notes))
    if ended.outcome is EndedAs.LIVE:
        return RestoredApp(app, port, f"v{ended.release}", "", "", tuple(notes))
    hint = ended.hint or f"pushdeploy rebuild --app {app}"
    return RestoredApp(app, port, None, ended.text, hint, tuple(notes))


def _hold_back(came: Path, place: AppLayout) -> None:
    """What makes it live waits beside the dumps: nothing runs on a database that is empty."""
    dumps = came / place.dumps.name
    if dumps.is_dir():
        for name in (path.name for path in _held_back(place)):
            if os.path.lexists(came / name):
                (came / name).rename(dumps / name)
    reached(Point.RESTORE_HELD)


def _restore_databases(machine: Machine, app: str) -> None:
    """Fill its databases, then let it go live. Once its dumps are deleted, none is read again."""
    place = machine.layout.app(app)
    if not place.dumps.is_dir():
        return
    for path in restore(machine, app, place.dumps):
        path.unlink()
        reached(Point.RESTORE_DUMP)
    for path in _held_back(place):
        if os.path.lexists(place.dumps / path.name):
            (place.dumps / path.name).rename(path)
    files.sync_folder(place.root)
    reached(Point.RESTORE_LET_GO)
    files.delete_tree(place.dumps)
    reached(Point.RESTORE_DATABASES)


def _held_back(place: AppLayout) -> tuple[Path, ...]:
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
        notes.append(f"its Aptfile installs nothing, until: sudo pushdeploy apt:allow --app {to}")
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
        notes.append(f"port {settings.port} is taken: it has {port}")
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
