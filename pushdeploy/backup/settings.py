"""The settings of backups: where they go, and with which password."""

from __future__ import annotations

import secrets
from contextlib import nullcontext
from typing import TYPE_CHECKING

from pushdeploy.errors import NotFoundError, RefusedInputError, UnavailableError
from pushdeploy.model.backup import (
    PASSWORD,
    BackupSettings,
    BackupState,
    parse_backup_settings,
    parse_backup_state,
    parse_credentials,
    parse_repository,
    render_backup_settings,
    render_backup_state,
    sftp_login,
)
from pushdeploy.system import ssh_key
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.files import File, make_folder, write
from pushdeploy.system.locks import folder_held, held
from pushdeploy.system.restic_says import WrongPasswordError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pushdeploy.machine.machine import Machine

PASSWORD_BYTES = 24

PRIVATE = 0o600


def backup_settings(machine: Machine) -> BackupSettings:
    """Where backups go.

    Raises:
        NotFoundError: nobody has said it.
        RefusedInputError: the file can't be read.
    """
    path = machine.layout.backup.settings
    try:
        return parse_backup_settings(path.read_text())
    except RefusedInputError as error:
        error.hint = f"on the server: sudoedit {path}"
        raise
    except FileNotFoundError as error:
        raise NotFoundError(
            "nobody has said where backups go", hint="sudo pushdeploy backup:set /mnt/backups"
        ) from error


def is_set(machine: Machine) -> bool:
    """Whether somebody has said where backups go."""
    return machine.layout.backup.settings.exists()


def backup_state(machine: Machine) -> BackupState:
    """How the last ones on this server ended."""
    try:
        return parse_backup_state(machine.layout.backup.last.read_text())
    except FileNotFoundError:
        return BackupState()


def note_state(machine: Machine, state: BackupState) -> None:
    """Keep how it ended."""
    make_folder(machine.layout.backup.state, mode=0o700)
    write(File(machine.layout.backup.last, render_backup_state(state), PRIVATE))
    reached(Point.BACKUP_NOTED)


def set_repository(machine: Machine, repository: str, told: Mapping[str, str], who: str) -> str:
    """Have backups go to a repository, which is made unless it is there.

    Args:
        machine: this one.
        repository: restic's address of it.
        told: credentials; with the password of a repository that is there already.
        who: asks.

    Returns:
        The password of a new repository, which nobody has seen yet; else nothing.

    Raises:
        UsageError: something of it is not valid.
        UnavailableError: it can't be reached; or it is there, and has another password.
        NotFoundError: it is not there, though its password was given.
    """
    credentials = dict(told)
    given = credentials.pop(PASSWORD, "")
    settings = BackupSettings(parse_repository(repository), parse_credentials(credentials))
    machine.restic.require()
    place = machine.layout.backup
    for folder in (place.state, place.said):
        make_folder(folder, mode=0o700)
    with held(place.lock, who=who, what="a change of backups"):
        machine.restic.stop()
        known = is_set(machine)
        if known:
            settings = _as_before(machine, settings)
        before = place.password.read_text() if place.password.exists() else None
        password = given or (before or "").strip() or secrets.token_urlsafe(PASSWORD_BYTES)
        write(File(place.password, f"{password}\n", PRIVATE))
        reached(Point.BACKUP_PROTECTED)
        try:
            made = _made(machine, settings, may_be_new=not given)
        except Exception:
            _take_back(machine, before)
            raise
        write(File(place.settings, render_backup_settings(settings), PRIVATE))
        reached(Point.BACKUP_SET)
    return password if (made or not known) and not given else ""


def change_settings(
    machine: Machine, change: Callable[[BackupSettings], BackupSettings]
) -> BackupSettings:
    """Replace the settings by what `change` makes of them; returns the new ones.

    Raises:
        NotFoundError: nobody has said where backups go.
    """
    place = machine.layout.backup
    with folder_held(place.said) if place.said.is_dir() else nullcontext():
        settings = change(backup_settings(machine))
        write(File(place.settings, render_backup_settings(settings), PRIVATE))
        reached(Point.BACKUP_CHANGED)
    return settings


def _as_before(machine: Machine, settings: BackupSettings) -> BackupSettings:
    """What is kept, and when, stays."""
    old = backup_settings(machine)
    return settings.changed(retention=old.retention, schedule=old.schedule, scheduled=old.scheduled)


def _made(machine: Machine, settings: BackupSettings, *, may_be_new: bool) -> bool:
    """Make the repository; False when it was there, with this password.

    Whoever gives a password means one that is there: a new one in its place, on a disk that is not
    mounted, would look like the old one with its backups gone.
    """
    login, key = sftp_login(settings.repository), machine.layout.backup.ssh_key
    if login is not None:
        ssh_key.ensure(key)
        reached(Point.BACKUP_KEY)
    try:
        machine.restic.snapshots(settings)
    except UnavailableError as error:
        if login is not None and not isinstance(error, WrongPasswordError):
            where = f"see that {login[0]} can be reached, and add to its authorized_keys"
            error.hint = f"{where}: {ssh_key.public(key)}"
        raise
    except NotFoundError as error:
        if not may_be_new:
            raise NotFoundError(
                f"there are no backups in `{settings.shown}`, though its password was given",
                hint="see that its disk is mounted; for a new place leave RESTIC_PASSWORD out",
            ) from error
        machine.restic.make(settings)
        reached(Point.BACKUP_MADE)
        return True
    return False


def _take_back(machine: Machine, before: str | None) -> None:
    """The password of the repository that is used now; none was shown to anybody."""
    password = machine.layout.backup.password
    if before is None:
        password.unlink()
    else:
        write(File(password, before, PRIVATE))
    reached(Point.BACKUP_UNSET)
