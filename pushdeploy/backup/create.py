"""Create: one backup of the whole server. Until restic has written its last file there is none."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pushdeploy.backup.keep import prune
from pushdeploy.backup.settings import backup_settings, backup_state, note_state
from pushdeploy.backup.stage import stage_all
from pushdeploy.errors import PushdeployError, UnavailableError
from pushdeploy.model.backup import BackupState, tags
from pushdeploy.model.backup_result import Made
from pushdeploy.system import files
from pushdeploy.system.disk_refusal import refusal
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine


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
            number = machine.restic.backup(settings, place.set, tags(made.apps, made.staged.size))
            reached(Point.BACKUP_STORED)
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
            _note_failure(machine, f"without {'; '.join(made.left)}")
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


def _note_failure(machine: Machine, reason: str) -> None:
    """Keep it until a backup succeeds: one of the timer's has nobody who sees it fail."""
    with suppress(OSError):  # a full disk takes no note either
        note_state(machine, BackupState(backup_state(machine).succeeded, machine.now(), reason))
