"""Change: a new release from the live one, with something changed, through the same path.

A bad config var never takes the site down: the old release serves until the new one is healthy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pushdeploy.apps.storage import make_storage
from pushdeploy.build.build import Venv
from pushdeploy.build.build_step import built_code, with_code
from pushdeploy.deploy.attempt import Audience, Request, app_lock, run_attempt
from pushdeploy.deploy.checkout import checkout
from pushdeploy.deploy.cleanup import clean_up
from pushdeploy.deploy.go_live import go_live, went_live
from pushdeploy.deploy.rebuild import fitting, rebuilt, remade
from pushdeploy.deploy.release import write_release
from pushdeploy.deploy.release_phase import release_phase
from pushdeploy.errors import UnavailableError
from pushdeploy.model.ended import Ended, EndedAs
from pushdeploy.model.release import Kind, Release

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.events import Report
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.environment import Environment
    from pushdeploy.model.settings import AppSettings
    from pushdeploy.records.app_records import AppRecords


@dataclass(frozen=True, slots=True)
class Change:
    """What is to change, and how people call it."""

    kind: Kind
    description: str
    environment: Callable[[Environment], Environment] = lambda same: same
    settings: Callable[[AppSettings], AppSettings] = lambda same: same
    fresh: bool = False
    """Build the venv again, also if it fits."""
    restores: bool = False
    """Its code and packages are not there, which nobody need be warned of."""
    release_phase: bool = False
    """Run the release command too: what the app is given, such as a database, is empty yet."""


ALWAYS = (Kind.RESTART, Kind.REBUILD)
"""What makes a new release although nothing else differs."""


def change_release(
    machine: Machine, app: str, audience: Audience, *, change: Change, who: str
) -> Ended:
    """Apply a change; before the first release it is only recorded.

    Raises:
        RefusedInputError: the change is not valid; nothing was touched.
    """
    with app_lock(machine, app, audience, who, change.description) as records:
        before = records.environment()
        environment = change.environment(before)
        settings = records.settings()
        changed = change.settings(settings)
        live = records.live()
        if live is None:
            records.change_settings(change.settings)
            records.save_pending_environment(environment)
            return Ended(EndedAs.RECORDED, 0, text="it takes effect at the first deploy")
        if environment == before and changed == settings and change.kind not in ALWAYS:
            return Ended(EndedAs.NOTHING, 0, release=live, text="no change")
        commit = _commit(records, live)
        ended = run_attempt(
            machine,
            records,
            audience,
            Request(app, change.kind, who, commit),
            lambda number, report: _change_release(
                machine,
                records,
                live,
                report,
                change=change,
                environment=environment,
                settings=(settings, changed),
                who=who,
                attempt=number,
            ),
        )
    clean_up(machine, app)
    return ended


def _commit(records: AppRecords, live: int) -> str:
    """What a release without a record is made from again."""
    commit = records.live_commit()
    there = records.place.release(live).environment.exists()
    if commit is None or not (there or records.place.pending_environment.exists()):
        app, what = records.place.name, "commit is" if commit is None else "config vars are"
        raise UnavailableError(
            f"v{live} of `{app}` can't be rebuilt: its {what} no longer known",
            hint=f"pushdeploy deploy --app {app}",
        )
    return commit


def _change_release(
    machine: Machine,
    records: AppRecords,
    live: int,
    report: Report,
    *,
    change: Change,
    environment: Environment,
    settings: tuple[AppSettings, AppSettings],
    who: str,
    attempt: int,
) -> Release:
    """The new release; `settings` are the app's before and after the change."""
    began = machine.monotonic()
    built = _built(machine, records, change, report)
    release = replace(
        _with_storage(machine, records, built, *settings, report),
        number=records.next_release(),
        kind=change.kind,
        description=change.description,
        who=who,
        at=machine.now(),
    )
    records.note_attempt(attempt, release=release.number)
    write_release(machine, release, environment)
    if change.release_phase:
        release_phase(machine, records, attempt, release, report)
    go_live(
        machine,
        records,
        release,
        report,
        kind=change.kind,
        who=who,
        change=change.settings,
        stands_for=live if change.kind is Kind.REBUILD else None,
    )
    report(went_live(machine, records, release, began))
    return release


def _built(machine: Machine, records: AppRecords, change: Change, report: Report) -> Release:
    """The live release, with a venv that fits; without its record, from its commit again."""
    current = records.live_release()
    if current is None:
        return remade(machine, records, report)
    if change.fresh:
        return rebuilt(machine, records, current, report, fresh=True)
    return fitting(machine, records, current, report, warns=not change.restores)


def _with_storage(
    machine: Machine,
    records: AppRecords,
    built: Release,
    before: AppSettings,
    after: AppSettings,
    report: Report,
) -> Release:
    """The same release, of another slug when other folders are to be shared."""
    if after.storage == before.storage:
        return built
    tree = checkout(machine, built.app, built.commit.id, after, report)
    make_storage(machine, built.app, tree.storage)
    venv = Venv(built.venv, built.python, built.interpreter)
    code = built_code(machine, records, tree, venv, records.environment(), report)
    return with_code(replace(built, storage=tree.storage), code)
