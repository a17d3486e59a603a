"""Restore: an app out of a backup, under its name or another; or all that a server had.

What comes out of restic is root's and lies where root alone can reach it. What an app needs of the
server is looked at before anything is changed. Its code and venv are built again from its repo, and
it goes live by its health checks as any release.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.apps.lifecycle import finish_destroying
from pushdeploy.backup.adopt import is_unfinished, put_in_place, refuse_present
from pushdeploy.backup.bring_back import bring_back
from pushdeploy.backup.needs import lacking, meet
from pushdeploy.backup.server_part import restore_around, restore_server
from pushdeploy.backup.settings import backup_settings
from pushdeploy.errors import PushdeployError
from pushdeploy.events import Report, RestoreStep
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.backup_result import Restored
from pushdeploy.model.backup_snapshots import LATEST, choose, parse_snapshot
from pushdeploy.model.size import format_size
from pushdeploy.system import files
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushdeploy.deploy.attempt import Audience
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.backup_snapshots import Snapshot


LONGEST_BESIDE = 20
"""Characters of an app's name that are left for `-before-2` behind them."""


@dataclass(frozen=True, slots=True)
class Order:
    """Which backup, how, and for whom."""

    who: str
    """Asks."""
    tell: Report
    """Is told of each step."""
    snapshot: str = LATEST
    """The number of a backup, or the newest."""
    server: str = ""
    """Whose; empty: this one's."""
    by_owner: bool = False
    """Root asks: what only root may allow an app is allowed again."""
    keys: bool = False
    """Those that could push may push again."""
    install: bool = False
    """What the apps need and this server lacks."""

    def say(self, text: str) -> None:
        """Tell of a step."""
        self.tell(RestoreStep(text))


def restore_app(
    machine: Machine, audience: Audience, order: Order, *, app: str, to: str
) -> Restored:
    """Bring an app back.

    Args:
        machine: this one.
        audience: who is told of its deploy.
        order: which backup.
        app: its name in the backup.
        to: its name here.

    Raises:
        UsageError: there is an app of that name.
        NotFoundError: there is no such backup, or no such app in it.
        UnavailableError: it can't be read; a user of its name is somebody else's; or the server
            lacks what it needs.
    """
    app, to, wanted = parse_app_name(app), parse_app_name(to), parse_snapshot(order.snapshot)
    finish_destroying(machine, to)
    if is_unfinished(machine, to):
        order.say(f"Going on with {to}")
        return Restored((bring_back(machine, to, audience, (), order.who),), ())
    refuse_present(machine, to, _beside(machine, wanted, order.server, app))
    machine.accounts.refuse_foreign(to)
    with _read(machine, order, app) as forbidden:
        order.say(f"Putting {to} in place")
        notes = put_in_place(machine, app, to, by_owner=order.by_owner)
        if app == to:
            notes += restore_around(machine, app)
    notes += forbidden.values()
    order.say(f"Bringing {to} back")
    return Restored((bring_back(machine, to, audience, notes, order.who),), ())


def _beside(machine: Machine, wanted: str, server: str, app: str) -> str:
    """The command that restores the same beside what is here, under a name that is free."""
    number = "" if wanted == LATEST else f" {wanted}"
    of = f" --server {server}" if server else ""
    first = f"{app[:LONGEST_BESIDE].rstrip('-')}-before"
    names = (first, *(f"{first}-{count}" for count in range(2, 10)))
    free = (name for name in names if not machine.layout.app(name).settings.exists())
    return f"pushdeploy backup:restore{number}{of} --app {app} --to {next(free, first)}"


def restore_all(machine: Machine, audience: Audience, order: Order) -> Restored:
    """Bring the whole server back, but for apps that are here.

    Each app comes to its place before the first is built, so that a build that takes long, or
    fails, holds up no other.

    Raises:
        NotFoundError: there is no such backup.
        UnavailableError: it can't be read; or the server lacks what an app needs.
    """
    put: dict[str, list[str]] = {}
    with _read(machine, order, "") as forbidden:
        told = restore_server(machine, with_keys=order.keys)
        apps = machine.layout.backup.restored / machine.layout.backup.set_apps.name
        for app in sorted(one.name for one in apps.iterdir()) if apps.is_dir() else ():
            try:
                put[app] = _put(machine, order, app)
            except PushdeployError as error:
                told.append(f"{app} was left alone: {error.message}")
    back = []
    for number, (app, notes) in enumerate(put.items(), 1):
        order.say(f"Bringing {app} back ({number} of {len(put)})")
        said = [*notes, *([forbidden[app]] if app in forbidden else [])]
        back.append(bring_back(machine, app, audience, said, order.who))
    return Restored(tuple(back), tuple(told))


def _put(machine: Machine, order: Order, app: str) -> list[str]:
    parse_app_name(app)
    finish_destroying(machine, app)
    if is_unfinished(machine, app):
        return []
    machine.accounts.refuse_foreign(app)
    refuse_present(machine, app)
    order.say(f"Putting {app} in place")
    notes = put_in_place(machine, app, app, by_owner=order.by_owner)
    return notes + restore_around(machine, app)


@contextmanager
def _read(machine: Machine, order: Order, app: str) -> Iterator[dict[str, str]]:
    """What a backup holds of an app and of the server, or all of it, where root alone can look.

    Yields what is said of packages that an app needs and nobody has allowed it.
    """
    place, settings = machine.layout.backup, backup_settings(machine)
    wanted = parse_snapshot(order.snapshot)
    server = place.set_server.name
    with held(place.lock, who=order.who, what="a restore"):
        machine.restic.stop()
        found = machine.restic.snapshots(settings)
        chosen = choose(
            found,
            wanted,
            app=app,
            server=order.server,
            here=machine.restic.host,
            now=machine.now(),
        )
        files.delete_tree(place.restored)
        place.restored.mkdir(mode=0o700)
        reached(Point.RESTORE_BEGUN)
        number = chosen.id if wanted == LATEST else wanted
        try:
            machine.restic.restore(settings, number, place.restored, [f"/{server}"])
            came = place.restored / server / place.needs.name
            needed = lacking(machine, came, app, by_owner=order.by_owner)
            meet(machine, needed, order.tell, install=order.install)
            order.say(_reading(chosen, app))
            only = [f"/{place.set_apps.name}/{app}"] if app else [f"/{place.set_apps.name}"]
            machine.restic.restore(settings, number, place.restored, only)
            reached(Point.RESTORE_READ)
            yield needed.forbidden
        finally:
            files.delete_tree(place.restored)
            reached(Point.RESTORE_SWEPT)


def _reading(one: Snapshot, app: str) -> str:
    """`Reading blog from backup 1d3307f1 of server, 2026-11-30 03:12`."""
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.at))
    what = app or f"{format_size(one.size)} of {', '.join(one.apps) or 'no apps'}"
    return f"Reading {what} from backup {one.id} of {one.host}, {made}"
