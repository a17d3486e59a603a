"""Backups of the whole server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import CHANGE_SECONDS, DAY_SECONDS
from pushdeploy.engine.registry import App, Done, verb
from pushdeploy.errors import NotAllowedError, UsageError
from pushdeploy.model.backup_result import Made, Restored
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class SetRepository:
    """Backups go somewhere."""

    repository: str
    """Without a password that its address holds."""
    password: str
    """Of a new repository, to be kept by whoever asked; empty for one that was there."""


@dataclass(frozen=True, slots=True)
class ListedBackup:
    """One backup."""

    snapshot: str
    at: float
    host: str
    apps: tuple[str, ...]
    left: tuple[str, ...]
    """Apps that it lacks though they were on the server."""
    size: int


@dataclass(frozen=True, slots=True)
class Backups:
    """All backups, oldest first."""

    repository: str
    schedule: str
    """`daily`, `03:30`; empty when they are made by hand."""
    backups: tuple[ListedBackup, ...]
    trouble: str
    """What is the matter with them; empty when nothing is."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """When backups are made."""

    when: str
    """`daily`, `03:30`; empty when they are made by hand."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How many backups stay, beside those of the last day."""

    daily: int
    weekly: int
    monthly: int


@verb("backup.set", SetRepository, right=Right.SERVER, app=App.NONE, seconds=CHANGE_SECONDS)
def set_repository(asked: Asked, *, repository: str, credentials: dict[str, str]) -> SetRepository:
    """Have backups go to a `repository`; root alone may say where."""
    from pushdeploy.backup import settings
    from pushdeploy.model.backup import shown_repository

    shown = shown_repository(repository)
    _refuse_all_but_owner(asked, "say where backups go", f"backup:set {shown}")
    told = settings.set_repository(asked.machine, repository, credentials, asked.who)
    return SetRepository(shown, told)


@verb("backup.create", Made, right=Right.SERVER, app=App.NONE, seconds=DAY_SECONDS)
def create(asked: Asked, *, prune: bool = False) -> Made:
    """Back everything up; `prune` deletes what is older than is wanted."""
    from pushdeploy.backup.create import create as story

    return story(asked.machine, asked.who, then_prune=prune)


@verb("backup.list", Backups, right=Right.SERVER, app=App.NONE, seconds=CHANGE_SECONDS)
def backups(asked: Asked) -> Backups:
    """List all backups."""
    from pushdeploy.backup.listing import backups as story

    found = story(asked.machine)
    listed = (
        ListedBackup(one.id, one.at, one.host, one.apps, one.left, one.size)
        for one in found.snapshots
    )
    return Backups(found.repository, found.schedule, tuple(listed), found.trouble)


@verb("backup.restore", Restored, right=Right.SERVER, app=App.OPTIONAL, seconds=DAY_SECONDS)
def restore(
    asked: Asked,
    *,
    snapshot: str,
    to: str,
    server: str = "",
    keys: bool = False,
    install: bool = False,
) -> Restored:
    """Bring an app out of a backup, as the app `to`; without an app, the whole server.

    `server`: whose backup; `keys`: those that could push may again; `install`: what is lacking.
    """
    from pushdeploy.backup.restore import Order, restore_all, restore_app
    from pushdeploy.events import to_record

    machine, session, app = asked.machine, asked.session, asked.app
    order = Order(
        who=asked.who,
        by_owner=asked.caller.is_owner,
        snapshot=snapshot,
        server=server,
        keys=keys,
        install=install,
        tell=lambda event: session.send(event=to_record(event)),
    )
    if app:
        return restore_app(machine, session, order, app=app, to=to or app)
    if to:
        raise UsageError("which app?", hint=f"pushdeploy backup:restore --app blog --to {to}")
    return restore_all(machine, session, order)


@verb("backup.schedule", Scheduled, right=Right.SERVER, app=App.NONE)
def schedule(asked: Asked, *, when: str | None) -> Scheduled:
    """Have a timer make backups: `daily`, or at a time, `03:30`; empty: none. `None` only looks."""
    from pushdeploy.backup.keep import schedule as story
    from pushdeploy.backup.settings import backup_settings

    if when is not None:
        story(asked.machine, when or None)
    return Scheduled(backup_settings(asked.machine).schedule)


@verb("backup.verify", Done, right=Right.SERVER, app=App.NONE, seconds=DAY_SECONDS)
def verify(asked: Asked) -> Done:
    """Read all backups back."""
    from pushdeploy.backup.keep import verify as story

    story(asked.machine, asked.who)
    return Done()


@verb("backup.prune", Kept, right=Right.SERVER, app=App.NONE, seconds=DAY_SECONDS)
def prune(
    asked: Asked,
    *,
    daily: int | None = None,
    weekly: int | None = None,
    monthly: int | None = None,
) -> Kept:
    """Delete old backups; the numbers hold from now on. Root alone may have fewer kept.

    Else whoever has taken a key could delete an app, and then what it was saved in.
    """
    from pushdeploy.backup.keep import prune as story
    from pushdeploy.backup.settings import backup_settings

    before = backup_settings(asked.machine).retention
    keep = before.changed(daily=daily, weekly=weekly, monthly=monthly)
    if keep.is_less_than(before):
        numbers = {"daily": daily, "weekly": weekly, "monthly": monthly}
        typed = "".join(f" --{name} {n}" for name, n in numbers.items() if n is not None)
        _refuse_all_but_owner(asked, "have fewer backups kept", f"backup:prune{typed}")
    kept = story(asked.machine, asked.who, keep)
    return Kept(kept.daily, kept.weekly, kept.monthly)


def _refuse_all_but_owner(asked: Asked, what: str, command: str) -> None:
    """Whoever says where backups come from says what root writes when they are restored."""
    if not asked.caller.is_owner:
        raise NotAllowedError(
            f"only root may {what}", hint=f"on the server: sudo pushdeploy {command}"
        )
