"""Rollback: a release that was live before is live again. Nothing is built."""

from __future__ import annotations

from pushdeploy.deploy.attempt import Audience, Ended, Request, app_lock, run_attempt
from pushdeploy.deploy.boot import is_up
from pushdeploy.deploy.go_live import go_live
from pushdeploy.deploy.host import Host
from pushdeploy.deploy.instances import web
from pushdeploy.deploy.journal import Journal
from pushdeploy.deploy.release import release_is_whole
from pushdeploy.deploy.tidy import tidy
from pushdeploy.errors import NotFoundError, NothingToRollBackToError
from pushdeploy.events import Report, RolledBack
from pushdeploy.model.release import Kind, Release


def rollback(host: Host, app: str, audience: Audience, *, number: int | None, who: str) -> Ended:
    """Go back to release `number`, or to the one that was live before.

    Raises:
        NothingToRollBackToError: there is none, or it is gone, or it is live.
    """
    with app_lock(host, app, audience, who, "a rollback") as journal:
        target = journal.release(_target(journal, number))
        ended = run_attempt(
            host,
            journal,
            audience,
            Request(app, Kind.ROLLBACK, who, target.commit.id),
            lambda _, report: _go_back(host, journal, target, who, report),
        )
    tidy(host, app)
    return ended


def _go_back(host: Host, journal: Journal, target: Release, who: str, report: Report) -> Release:
    began = host.monotonic()
    warm = is_up(host, web(host, target, journal.settings()))
    previous = go_live(host, journal, target, Kind.ROLLBACK, who, report)
    report(
        RolledBack(
            app=target.app,
            release=target.number,
            previous=previous or 0,
            commit=target.commit.id,
            warm=warm,
            seconds=host.monotonic() - began,
        )
    )
    return target


def _target(journal: Journal, number: int | None) -> int:
    app = journal.place.name
    live = journal.live()
    present = [one for one in journal.numbers() if release_is_whole(journal.place, one)]
    history = journal.history()
    if number is None:
        previous = history.previous(present)
        if previous is None:
            raise NothingToRollBackToError(
                f"`{app}` has no release to roll back to: "
                + ("nothing was live before" if live is None else f"v{live} is the only one left"),
                hint=f"pushdeploy releases --app {app}",
            )
        return previous
    if number == live:
        raise NothingToRollBackToError(
            f"v{number} of `{app}` is live already", hint=f"pushdeploy releases --app {app}"
        )
    if number not in present:
        raise NotFoundError(
            f"`{app}` has no complete release v{number} any more; there are: "
            + (", ".join(f"v{one}" for one in present) or "none"),
            hint=f"pushdeploy releases --app {app}",
        )
    if number not in history.once_live():
        raise NothingToRollBackToError(
            f"v{number} of `{app}` never went live: its deploy failed",
            hint=f"pushdeploy releases:info v{number} --app {app}",
        )
    return number
