"""Which backups there are, and whether all is well with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.backup.settings import backup_settings, backup_state
from pushdeploy.errors import NotFoundError, RefusedInputError
from pushdeploy.model.backup import trouble

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.backup_snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Backups:
    """All backups of a repository."""

    repository: str
    """Without a password."""
    schedule: str
    """When they are made; empty when only by hand."""
    snapshots: tuple[Snapshot, ...]
    trouble: str
    """What is the matter; empty when nothing is."""


def backups(machine: Machine) -> Backups:
    """List them, oldest first.

    Raises:
        NotFoundError: nobody has said where backups go; or there are none.
        UnavailableError: the repository can't be reached.
    """
    settings = backup_settings(machine)
    found = machine.restic.snapshots(settings)
    wrong = trouble(backup_state(machine), settings, machine.now())
    return Backups(settings.shown, settings.schedule, found, wrong)


def backup_trouble(machine: Machine) -> str:
    """What is the matter with them, without asking the repository; empty when nothing is."""
    try:
        settings = backup_settings(machine)
    except NotFoundError:
        return ""
    except RefusedInputError as error:
        return error.message
    return trouble(backup_state(machine), settings, machine.now())
