"""What anybody who may read an app's records can learn without an engine. Imports little."""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.attempt import Attempt, Outcome, read_attempts
from pushdeploy.system.json_lines import read_lines

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.app_layout import AppLayout

OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
DEPLOY = "deploy"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a push needs to know of its app."""

    branch: str
    """The deploy branch; empty before the first push."""
    newest: int
    """The newest attempt's number, 0 when there is none."""
    live: str
    """The commit that is live; empty before the first is."""
    domains: tuple[str, ...] = ()
    root: str = ""
    """The folder of the repo that becomes the release, if somebody has set it."""


def facts(place: AppLayout) -> Facts | None:
    """The app's deploy branch and newest attempt; `None` when there is no such app."""
    try:
        settings = tomllib.loads(place.settings.read_text())
    except (FileNotFoundError, ValueError):
        return None
    domains = tuple(str(one) for one in settings.get("domains", ()))
    attempts = read_attempts(read_lines(place.attempts))
    newest = attempts[-1].number if attempts else 0
    return Facts(
        str(settings.get("branch", "")),
        newest,
        _live_commit(place),
        domains,
        str(settings.get("root", "")),
    )


def _live_commit(place: AppLayout) -> str:
    try:
        record = json.loads(place.live.record.read_text())
        found = str(record["commit"]["id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return found if OBJECT_ID.fullmatch(found) else ""


def loose_commit(repo: Path, branch: str) -> str | None:
    """The commit of a branch by its own file, which a push has just written; links are refused.

    `None` when git keeps it elsewhere (packed).
    """
    try:
        path = repo / "refs" / "heads" / branch
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        text = os.read(descriptor, 80).decode("ascii", "replace").strip()
    finally:
        os.close(descriptor)
    return text if OBJECT_ID.fullmatch(text) else None


def deploys_of(attempts: list[Attempt], commit: str) -> list[Attempt]:
    """The tries to deploy a commit since the branch named it, oldest first.

    Whoever forces an older commit back wants it, whatever became of it long ago.
    """
    found: list[Attempt] = []
    for one in attempts:
        if one.kind == DEPLOY and one.commit == commit:
            found.append(one)
        elif one.kind == DEPLOY and one.of_branch:
            found.clear()
    return found


def outcome_of_push(place: AppLayout, branch: str, after: int, pushed: str = "") -> Attempt | None:
    """The attempt that this very push caused, when it has ended.

    Args:
        place: the app's folders.
        branch: its deploy branch.
        after: the newest attempt's number before the push.
        pushed: the commit that it brought; none means that of the branch.
    """
    commit = pushed or (loose_commit(place.repo, branch) if branch else None)
    ended = [
        one
        for one in read_attempts(read_lines(place.attempts))
        if one.number > after
        and one.kind == DEPLOY
        and one.commit == commit
        and one.outcome in (Outcome.LIVE, Outcome.FAILED)
    ]
    return ended[-1] if ended else None
