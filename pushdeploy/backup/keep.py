"""Keep: when backups are made, how many stay, and whether what is kept can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.backup.settings import backup_settings, change_settings
from pushdeploy.errors import NotFoundError, UnavailableError
from pushdeploy.model.backup import parse_schedule
from pushdeploy.model.backup_snapshots import AHEAD_SECONDS, of_server
from pushdeploy.model.size import format_duration
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.backup import Retention
    from pushdeploy.model.backup_snapshots import Snapshot


def schedule(machine: Machine, when: str | None) -> None:
    """Have backups made by a timer; `None`: by hand alone.

    Raises:
        UsageError: that is no time.
        NotFoundError: nobody has said where backups go.
        UnavailableError: this machine has no timers.
    """
    backup_settings(machine)
    text = "" if when is None else parse_schedule(when)
    machine.timers.back_up(text)
    reached(Point.BACKUP_TIMER)
    now = machine.now()
    change_settings(machine, lambda old: old.changed(schedule=text, scheduled=now))


def verify(machine: Machine, who: str) -> None:
    """Read all of it back, and compare.

    Raises:
        NotFoundError: there is none yet.
        UnavailableError: something is damaged, or can't be reached.
    """
    settings = backup_settings(machine)
    with held(machine.layout.backup.lock, who=who, what="a verification of backups"):
        machine.restic.stop()
        if not machine.restic.snapshots(settings):
            raise NotFoundError("there are no backups yet", hint="pushdeploy backup:create")
        machine.restic.check(settings)


def prune(machine: Machine, who: str, keep: Retention | None = None) -> Retention:
    """Delete old backups, by this retention from now on; returns it.

    Raises:
        UnavailableError: the repository can't be reached; or the newest backup lacks an app; or,
            when nobody has said a retention, one is dated later than now.
    """
    settings = backup_settings(machine)
    if keep is not None:
        settings = change_settings(machine, lambda old: old.changed(retention=keep))
    with held(machine.layout.backup.lock, who=who, what="deleting old backups"):
        machine.restic.stop()
        found = of_server(machine.restic.snapshots(settings), machine.restic.host)
        _refuse_incomplete(found)
        if keep is None:
            _refuse_earlier(found, machine.now())
        machine.restic.forget(settings, settings.retention)
        reached(Point.BACKUP_PRUNED)
    return settings.retention


def _refuse_earlier(found: Sequence[Snapshot], now: float) -> None:
    """By a clock that is wrong what was just made may be the oldest, and be deleted.

    Raises:
        UnavailableError: a backup is dated later than now.
    """
    if found and found[-1].at > now + AHEAD_SECONDS:
        later = format_duration(found[-1].at - now)
        raise UnavailableError(
            f"nothing was deleted: the backup {found[-1].id} is dated {later} later than now, so "
            "this server's clock is wrong, or was",
            hint="timedatectl; if it is right: pushdeploy backup:prune",
        )


def _refuse_incomplete(found: Sequence[Snapshot]) -> None:
    """While an app is left out, older backups may be all that has it.

    Raises:
        UnavailableError: the newest one lacks an app.
    """
    if found and found[-1].left:
        raise UnavailableError(
            f"nothing was deleted: the newest backup is without {', '.join(found[-1].left)}, "
            "which older ones may have",
            hint="pushdeploy backup:create",
        )
