"""Renew: a new release from the live one, with something changed, through the same path.

A bad config var never takes the site down: the old release serves until the new one is healthy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pushdeploy.deploy.attempt import Audience, Request, app_lock, run_attempt
from pushdeploy.deploy.checkout import checkout
from pushdeploy.deploy.deploy import addresses
from pushdeploy.deploy.go_live import go_live
from pushdeploy.deploy.rebuild import fitting, rebuilt, remade
from pushdeploy.deploy.release import write_release
from pushdeploy.deploy.storage import make_storage
from pushdeploy.deploy.tidy import tidy
from pushdeploy.errors import UnavailableError
from pushdeploy.events import Report, WentLive
from pushdeploy.model.ended import Ended, EndedAs
from pushdeploy.model.release import Kind, Release

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.deploy.journal import Journal
    from pushdeploy.deploy.machine import Machine
    from pushdeploy.model.environment import Environment
    from pushdeploy.model.settings import AppSettings


@dataclass(frozen=True, slots=True)
class Change:
    """What is to change, and how people call it."""

    kind: Kind
    description: str
    environment: Callable[[Environment], Environment] = lambda same: same
    settings: Callable[[AppSettings], AppSettings] = lambda same: same
    fresh: bool = False
    """Build the venv again, also if it fits."""


ALWAYS = (Kind.RESTART, Kind.REBUILD)
"""What makes a new release although nothing else differs."""


def renew(machine: Machine, app: str, audience: Audience, *, change: Change, who: str) -> Ended:
    """Apply a change; before the first release it is only recorded.

    Raises:
        RefusedInputError: the change is not valid; nothing was touched.
    """
    with app_lock(machine, app, audience, who, change.description) as journal:
        before = journal.environment()
        environment = change.environment(before)
        settings = journal.settings()
        changed = change.settings(settings)
        live = journal.live()
        if live is None:
            journal.change_settings(change.settings)
            journal.save_pending_environment(environment)
            return Ended(EndedAs.RECORDED, 0, text="it takes effect at the first deploy")
        if environment == before and changed == settings and change.kind not in ALWAYS:
            return Ended(EndedAs.NOTHING, 0, release=live, text="no change")
        commit = _commit(journal, live)
        ended = run_attempt(
            machine,
            journal,
            audience,
            Request(app, change.kind, who, commit),
            lambda number, report: _renew(
                machine,
                journal,
                live,
                change,
                environment,
                (settings, changed),
                who,
                number,
                report,
            ),
        )
    tidy(machine, app)
    return ended


def _commit(journal: Journal, live: int) -> str:
    """What a release without a record is made from again."""
    commit = journal.live_commit()
    there = journal.place.release(live).environment.exists()
    if commit is None or not (there or journal.place.pending_environment.exists()):
        app, what = journal.place.name, "commit is" if commit is None else "config vars are"
        raise UnavailableError(
            f"v{live} of `{app}` can't be rebuilt: its {what} no longer known",
            hint=f"pushdeploy deploy --app {app}",
        )
    return commit


def _renew(
    machine: Machine,
    journal: Journal,
    live: int,
    change: Change,
    environment: Environment,
    settings: tuple[AppSettings, AppSettings],
    who: str,
    attempt: int,
    report: Report,
) -> Release:
    began = machine.monotonic()
    before, after = settings
    current = journal.live_release()
    if current is None:
        built = remade(machine, journal, report)
    elif change.fresh:
        built = rebuilt(machine, journal, current, report, fresh=True)
    else:
        built = fitting(machine, journal, current, report)
    if after.storage != before.storage:
        tree = checkout(machine, built.app, built.commit.id, after, report)
        make_storage(machine, built.app, tree.storage)
        built = replace(built, slug=tree.slug, storage=tree.storage)
    release = replace(
        built,
        number=journal.next_release(),
        kind=change.kind,
        description=change.description,
        who=who,
        at=machine.now(),
    )
    journal.note_attempt(attempt, release=release.number)
    write_release(machine, release, environment)
    stands_for = live if change.kind is Kind.REBUILD else None
    go_live(
        machine,
        journal,
        release,
        change.kind,
        who,
        report,
        change=change.settings,
        stands_for=stands_for,
    )
    report(
        WentLive(
            app=release.app,
            release=release.number,
            commit=release.commit.id,
            addresses=addresses(machine, journal),
            seconds=machine.monotonic() - began,
        )
    )
    return release
