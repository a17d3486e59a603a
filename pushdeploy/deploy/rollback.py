"""Rollback: a release that was live before is live again. Nothing is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy.attempt import Audience, Ended, Request, app_lock, run_attempt
from pushdeploy.deploy.go_live import go_live
from pushdeploy.deploy.release import release_is_whole
from pushdeploy.deploy.tidy import tidy
from pushdeploy.errors import NotFoundError, NothingToRollBackToError
from pushdeploy.events import Event, Report, RolledBack, Switched, WebStarting
from pushdeploy.model.release import Kind, Release

if TYPE_CHECKING:
    from pushdeploy.deploy.host import Host
    from pushdeploy.deploy.journal import Journal
    from pushdeploy.model.history import History


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
    seconds, warm = 0.0, True

    def watch(event: Event) -> None:
        nonlocal seconds, warm
        if isinstance(event, WebStarting):
            warm = False
        if isinstance(event, Switched):  # visitors have it; workers still change over
            seconds = host.monotonic() - began
        report(event)

    previous = go_live(host, journal, target, Kind.ROLLBACK, who, watch)
    report(
        RolledBack(
            app=target.app,
            release=target.number,
            previous=previous or 0,
            commit=target.commit.id,
            warm=warm,
            seconds=seconds,
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
                f"`{app}` has no earlier release to go back to: "
                + ("nothing is live yet" if live is None else f"v{live} is the oldest one left"),
                hint=_forward(app, history, present) or f"pushdeploy releases --app {app}",
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


def _forward(app: str, history: History, present: list[int]) -> str | None:
    """How to undo the last rollback, when there is nothing further back."""
    left = [change.previous for change in history.changes if change.kind == Kind.ROLLBACK]
    newest = left[-1] if left else None
    return f"pushdeploy rollback v{newest} --app {app}" if newest in present else None
