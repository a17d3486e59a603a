"""The apps of the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import QUERY_SECONDS
from pushdeploy.engine.registry import App, Done, verb
from pushdeploy.errors import UsageError
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class ListedApp:
    """One app; what can't be read of it is left out, and `reconcile` says why."""

    app: str
    port: int | None
    branch: str
    """The deploy branch; empty until there is one."""
    release: str | None
    """The live one, `v12`."""
    commit: str | None
    crash_loops: tuple[str, ...]
    """Instances of the live release that keep ending: `worker.1`."""


@dataclass(frozen=True, slots=True)
class Apps:
    """All apps, by name."""

    apps: tuple[ListedApp, ...]
    backup_trouble: str = ""
    """What is the matter with the server's backups; empty when nothing is."""


@dataclass(frozen=True, slots=True)
class Created:
    """An app is there."""

    made: bool
    """It was not there before."""
    port: int
    note: str
    """What that means for the server's bare address; empty when nothing."""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """An app is gone."""

    note: str
    """As of one that is made."""


@verb("apps", Apps, right=Right.LOOK, app=App.NONE, seconds=QUERY_SECONDS)
def apps(asked: Asked) -> Apps:
    """List all apps."""
    from pushdeploy.backup.listing import backup_trouble
    from pushdeploy.deploy.warnings import looping_of
    from pushdeploy.records.app_records import (
        AppRecords,
        app_names,
        read_release_or_none,
        readable_settings,
    )

    layout = asked.machine.layout
    settings, _ = readable_settings(layout)

    def listed(app: str) -> ListedApp:
        records, known = AppRecords(layout.app(app)), settings.get(app)
        live = records.live()
        current = None if live is None else read_release_or_none(records, live)
        return ListedApp(
            app=app,
            port=known.port if known else None,
            branch=known.branch if known else "",
            release=None if live is None else f"v{live}",
            commit=current.commit.id if current else None,
            crash_loops=looping_of(records),
        )

    found = tuple(map(listed, app_names(layout.apps)))
    return Apps(found, backup_trouble(asked.machine))


@verb("apps.check", Done, right=Right.DEPLOY)
def check(asked: Asked) -> Done:
    """See that an app of this name could be made, before git stores its first push."""
    from pushdeploy.apps.lifecycle import check_app

    check_app(asked.machine, asked.app)
    return Done()


@verb("apps.create", Created, right=Right.APPS)
def create(asked: Asked, *, port: int | None = None) -> Created:
    """Make an app, on a `port` or the next free one."""
    from pushdeploy.apps.lifecycle import create_app
    from pushdeploy.proxy import bare_address

    bare = bare_address.shown(asked.machine)
    made = create_app(asked.machine, asked.app, port=port)
    settings = asked.records().settings()
    return Created(made, settings.port, bare_address.note(asked.machine, asked.app, bare))


@verb("apps.set", Done, right=Right.CONFIGURE)
def set_root(asked: Asked, *, root: str) -> Done:
    """Have a folder of the repo become the release, from the next deploy on; empty: all of it."""
    from pushdeploy.model.repo_settings import parse_root

    folder = parse_root(root)
    asked.records().change_settings(lambda before: before.changed(root=folder))
    return Done()


@verb("apps.destroy", Destroyed, right=Right.APPS)
def destroy(asked: Asked, *, confirm: str | None = None) -> Destroyed:
    """Delete an app, if `confirm` is its name too."""
    from pushdeploy.apps.lifecycle import destroy_app
    from pushdeploy.proxy import bare_address

    app = asked.app
    if confirm != app:
        raise UsageError(
            f"destroying `{app}` deletes its releases, config vars and storage",
            hint=f"pushdeploy apps:destroy --app {app} --confirm {app}",
        )
    bare = bare_address.shown(asked.machine)
    destroy_app(asked.machine, app, who=asked.who)
    return Destroyed(bare_address.note(asked.machine, app, bare))
