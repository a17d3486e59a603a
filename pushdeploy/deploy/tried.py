"""What was tried, for the list of releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.release import Kind
from pushdeploy.model.tried import Tried
from pushdeploy.records.app_records import read_release_or_none
from pushdeploy.records.compaction import KEPT_ATTEMPTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.model.attempt import Attempt
    from pushdeploy.records.app_records import AppRecords

CHANGES: Mapping[str, str] = {
    Kind.CONFIG: "change of config vars",
    Kind.RESTART: "restart",
    Kind.SCALE: "change of scale",
    Kind.STORAGE: "change of storage",
    Kind.REBUILD: "rebuild",
}
"""What is known of a release that is not kept, and was not a deploy."""


def newest(records: AppRecords, count: int, there: list[int]) -> list[Tried]:
    """The newest attempts, newest first; `there` is all that can be gone back to."""
    live = records.live()
    attempts = records.attempts() if count <= KEPT_ATTEMPTS else records.all_attempts()
    return [tried(records, one, live, there) for one in attempts[-count:][::-1]]


def tried(records: AppRecords, attempt: Attempt, live: int | None, there: list[int]) -> Tried:
    """One row of the list."""
    release = read_release_or_none(records, attempt.release) if attempt.release else None
    kind = f"{attempt.kind} {attempt.commit[:8]}"
    description = release.description if release else CHANGES.get(attempt.kind, kind)
    if attempt.kind == Kind.ROLLBACK:
        description = f"Rollback to v{attempt.release}" if attempt.release else "Rollback"
    return Tried(
        attempt=attempt.number,
        release=None if attempt.release is None else f"v{attempt.release}",
        description=description,
        subject=release.commit.subject if release else "",
        commit=attempt.commit,
        who=attempt.who,
        at=attempt.at,
        outcome=attempt.outcome,
        live=attempt.release is not None and attempt.release == live,
        rollback=attempt.release in there,
        reason=attempt.reason,
        seconds=attempt.seconds,
    )
