"""Create: one backup of the whole server. Until restic has written its last file there is none."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pushdeploy.backup.keep import prune
from pushdeploy.backup.needs import stage_needs
from pushdeploy.backup.settings import backup_settings, backup_state, note_state
from pushdeploy.backup.stage import LEASED, Set, leave_out, stage_all
from pushdeploy.errors import PushdeployError, UnavailableError
from pushdeploy.model.backup import WITHOUT, BackupState
from pushdeploy.model.backup_result import Made
from pushdeploy.model.backup_snapshots import tags
from pushdeploy.model.size import format_duration
from pushdeploy.system import files
from pushdeploy.system.disk_refusal import refusal
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.locks import held
from pushdeploy.system.restic_says import TooLongError
from pushdeploy.system.staged_tree import is_leased

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.backup import BackupSettings

STORE_SECONDS = 8 * 3600.0
LEAST_SECONDS = 2 * 3600.0
"""For the third try: all of it is less than a day."""


def create(machine: Machine, who: str, *, then_prune: bool = False) -> Made:
    """Back everything up; `then_prune` deletes backups that are older than is wanted.

    Raises:
        NotFoundError: nobody has said where backups go.
        UnavailableError: it could not be stored; no backup has come of it.
    """
    place, settings = machine.layout.backup, backup_settings(machine)
    machine.restic.require()
    files.make_folder(place.state, mode=0o700)
    with held(place.lock, who=who, what="a backup"):
        machine.restic.stop()
        reached(Point.BACKUP_STOPPED)
        try:
            made = stage_all(machine, who)
            number = _store(machine, settings, made)
        except PushdeployError as error:
            _note_failure(machine, error.message)
            raise
        except OSError as error:
            text, hint = refusal(error) or (str(error), "pushdeploy backup:create")
            _note_failure(machine, text)
            raise UnavailableError(text, hint=hint) from error
        finally:
            files.delete_tree(place.set)
            reached(Point.BACKUP_SWEPT)
        if made.left:
            _note_failure(machine, f"{WITHOUT}{'; '.join(made.left)}")
        else:
            note_state(machine, BackupState(succeeded=machine.now()))
    if then_prune:
        try:
            prune(machine, who)
        except PushdeployError as error:  # there is one more backup, and nothing is lost
            made.notes.append(f"old backups could not be deleted: {error.message}")
    staged = made.staged
    return Made(
        number, tuple(made.apps), staged.files, staged.size, tuple(made.notes), tuple(made.left)
    )


def _store(machine: Machine, settings: BackupSettings, made: Set) -> str:
    """Have restic store the set; while that takes too long, without the largest app of it.

    What it has sent till then need not be sent again.
    """
    seconds = STORE_SECONDS
    while True:
        stage_needs(machine, made.apps)
        marks = tags(made.apps, made.names_left, made.staged.size)
        try:
            number = machine.restic.backup(settings, machine.layout.backup.set, marks, seconds)
            reached(Point.BACKUP_STORED)
        except TooLongError:
            if seconds <= LEAST_SECONDS or len(made.apps) < 2:  # noqa: PLR2004 - it is alone
                raise
        else:
            return number
        _leave_out_slow(machine, made, f"could not be stored within {format_duration(seconds)}")
        seconds /= 2


def _leave_out_slow(machine: Machine, made: Set, reason: str) -> None:
    """Those that keep restic waiting; else the largest one."""
    apps = machine.layout.backup.set_apps
    leased = [app for app in made.apps if is_leased(apps / app)]
    for app in leased:
        leave_out(machine, app, LEASED, made)
    if not leased:
        leave_out(machine, max(made.apps, key=lambda app: made.sizes[app]), reason, made)


def _note_failure(machine: Machine, reason: str) -> None:
    """Keep it until a backup succeeds: one of the timer's has nobody who sees it fail."""
    with suppress(OSError):  # a full disk takes no note either
        note_state(machine, BackupState(backup_state(machine).succeeded, machine.now(), reason))
