"""A restored app comes back: users, owners, databases, its site; then live by its health checks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pushdeploy.apps.fence import fence_ports
from pushdeploy.apps.restore import own
from pushdeploy.backup.adopt import held_back, is_unfinished
from pushdeploy.databases.dumps import restore
from pushdeploy.deploy.change_release import Change, change_release
from pushdeploy.errors import PushdeployError
from pushdeploy.model.backup_result import RestoredApp
from pushdeploy.model.ended import EndedAs
from pushdeploy.model.release import Kind
from pushdeploy.model.typed_command import with_app
from pushdeploy.proxy.sites import apply_sites
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system import files
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.locks import held
from pushdeploy.watch.databases import start_databases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.deploy.attempt import Audience
    from pushdeploy.machine.machine import Machine


def bring_back(
    machine: Machine, app: str, audience: Audience, notes: Sequence[str], who: str
) -> RestoredApp:
    """Make users and owners, serve it, and bring live what was: by its own health checks."""
    own(machine, app, deep=True)
    reached(Point.RESTORE_OWNED)
    try:
        _restore_databases(machine, app)
        start_databases(machine, app, AppRecords(machine.layout.app(app)).settings())
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
    change = Change(Kind.REBUILD, "Restore from a backup", restores=True)
    try:
        ended = change_release(machine, app, audience, change=change, who=who)
    except PushdeployError as error:
        return RestoredApp(app, port, None, error.message, error.hint or "", tuple(notes))
    if ended.outcome is EndedAs.LIVE:
        return RestoredApp(app, port, f"v{ended.release}", "", "", tuple(notes))
    hint = ended.hint or f"pushdeploy rebuild --app {app}"
    return RestoredApp(app, port, None, ended.text, hint, tuple(notes))


def _restore_databases(machine: Machine, app: str) -> None:
    """Fill its databases, then let it go live. Once its dumps are deleted, none is read again."""
    place = machine.layout.app(app)
    if not place.dumps.is_dir():
        return
    for path in restore(machine, app, place.dumps):
        path.unlink()
        reached(Point.RESTORE_DUMP)
    for path in held_back(place):
        if os.path.lexists(place.dumps / path.name):
            (place.dumps / path.name).rename(path)
    files.sync_folder(place.root)
    reached(Point.RESTORE_LET_GO)
    files.delete_tree(place.dumps)
    reached(Point.RESTORE_DATABASES)
