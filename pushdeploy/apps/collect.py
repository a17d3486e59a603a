"""Collect: the server's repos are packed, and lose what nothing needs; by the git user, never root.

No lock of the app is held for it, so that no push and no deploy waits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.attempt import Outcome
from pushdeploy.records.app_records import AppRecords, read_release_or_none
from pushdeploy.system import git_room

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine


@dataclass(frozen=True, slots=True)
class Collected:
    """Bytes that a repo's objects took before and take now."""

    before: int
    after: int


def is_due(machine: Machine, app: str) -> bool:
    """True when there is something old, or much of it; only looks."""
    return git_room.look(machine.layout.app(app).repo).is_due(machine.now())


def collect(machine: Machine, app: str, *, now: bool = False) -> Collected:
    """Collect an app's repo; `now`: what was pushed a moment ago too, if nothing names it.

    Raises:
        NotFoundError: there is no such app.
        BusyError: with `now`, while a push is under way.
    """
    records = AppRecords(machine.layout.app(app))
    records.settings()
    answer = machine.checkout_worker.ask(
        "collect", repo=str(records.place.repo), kept=_kept(records), now=now
    )
    told = json.loads(answer)
    return Collected(int(told["before"]), int(told["after"]))


def _kept(records: AppRecords) -> dict[str, str]:
    """Commits that releases came from, and those that are just tried."""
    kept = {}
    for number in records.numbers():
        release = read_release_or_none(records, number)
        if release is not None:
            kept[release.name] = release.commit.id
    live, commit = records.live(), records.live_commit()
    if live is not None and commit is not None:  # its record may be gone
        kept[f"v{live}"] = commit
    for one in records.attempts():
        if one.outcome is Outcome.RUNNING and one.commit:
            kept[f"attempt-{one.number}"] = one.commit
    return kept
