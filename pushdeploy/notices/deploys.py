"""Deploys: what became of the attempts since the last look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.attempt import Outcome
from pushdeploy.model.notice import News, Notice, State, Topic
from pushdeploy.model.release import Kind

if TYPE_CHECKING:
    from pushdeploy.model.attempt import Attempt
    from pushdeploy.records.app_records import AppRecords

WORDS: dict[str, str] = {
    Kind.CONFIG: "config change",
    Kind.SCALE: "scaling",
    Kind.STORAGE: "storage change",
}
"""Kinds that do not say by their own word what was done."""


def deploys(records: AppRecords, last: int, began: float) -> tuple[list[News], int]:
    """What became of the attempts after `last`, up to one that still runs; and the last of them."""
    app, news = records.place.name, []
    before: list[Attempt] = []
    for one in records.attempts():
        if one.outcome is Outcome.RUNNING:
            break
        if one.number > last and one.at >= began:
            news.append(_told(app, one, before))
        before.append(one)
    return news, max(last, before[-1].number if before else 0)


def _told(app: str, one: Attempt, before: list[Attempt]) -> News:
    """The news of an attempt, given those before it."""
    name = f"v{one.release}" if one.release else "a release"
    if one.outcome is not Outcome.LIVE:
        why = one.reason or "it was killed"
        text = f"{_doing(one)} failed: {why}"
        command = f"pushdeploy releases:output --attempt {one.number} --app {app}"
        notice = _notice(app, one, State.BEGUN, text, one.at, command)
        return News(f"{app}/deploy/{one.kind}/{one.commit}", notice)
    failing = _failing_since(before)
    if one.kind == Kind.ROLLBACK:
        text = f"{name} is live again (rollback by {one.who})"
    else:
        text = f"{name} is live ({WORDS.get(one.kind, one.kind)} by {one.who})"
    state = State.NEWS if failing is None else State.OVER
    command = f"pushdeploy releases --app {app}"
    return News("", _notice(app, one, state, text, failing or one.at, command))


def _doing(one: Attempt) -> str:
    if one.kind == Kind.ROLLBACK:
        return f"rollback to v{one.release}" if one.release else "rollback"
    if one.kind in WORDS:
        return f"{WORDS[one.kind]} by {one.who}"
    return f"{one.kind} of {one.commit[:8]} by {one.who}"


def _failing_since(before: list[Attempt]) -> float | None:
    """When the first of those that failed one after the other did; `None` if the last did not."""
    since = None
    for one in reversed(before):
        if one.outcome is Outcome.LIVE:
            break
        since = one.at
    return since


def _notice(app: str, one: Attempt, state: State, text: str, since: float, command: str) -> Notice:
    return Notice(f"{app}/deploy/{one.number}", Topic.DEPLOY, state, app, text, since, command)
