"""One backup in a list: what it says of itself, and which one is meant."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pushdeploy.errors import NotFoundError, RefusedInputError, UsageError
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LATEST = "latest"
"""The newest one, of this server if it has some."""

TAG = "pushdeploy"
"""Of each snapshot of ours: a repository may hold others."""

APP_TAG = "app="
LEFT_TAG = "left="
"""An app that is not in it though it was on the server."""

SIZE_TAG = "bytes="

_SNAPSHOT = re.compile(r"[0-9a-f]{8,64}")
_FRACTION = re.compile(r"(\.\d{1,6})\d*")

AHEAD_SECONDS = 300.0
"""By which clocks may differ; what is dated later was made while one was wrong."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One backup that is complete: restic writes what makes it one last."""

    id: str
    """Its first eight digits."""
    at: float
    """Seconds since the epoch."""
    host: str
    apps: tuple[str, ...]
    left: tuple[str, ...]
    """Apps that were on the server and are not in it."""
    size: int
    """Bytes of all files, which the repository keeps once and compressed."""


def parse_snapshot(text: str) -> str:
    """The text itself, when it is a snapshot's number: eight hex digits or more; or `latest`.

    Raises:
        UsageError: it is not.
    """
    if text == "latest" or _SNAPSHOT.fullmatch(text):
        return text
    raise UsageError(f"{quoted(text)} is not the number of a backup", hint="pushdeploy backup:list")


def choose(
    found: Sequence[Snapshot], wanted: str, *, app: str, server: str, here: str, now: float
) -> Snapshot:
    """The backup that is meant.

    Args:
        found: all that there are, oldest first.
        wanted: a number, or `latest`.
        app: which has to be in it; empty when it is about the whole server.
        server: whose; empty: this one's, or that of the only one which has any there.
        here: the name of this server.
        now: seconds since the epoch; the newest is none of the future, unless all are.

    Raises:
        NotFoundError: there is none.
        UsageError: those of several servers are there, and none of this one.
    """
    hint = "pushdeploy backup:list"
    if wanted != LATEST:
        named = [one for one in found if wanted.startswith(one.id)]
        if not named:
            raise NotFoundError("there is no such backup", hint=hint)
        return named[0]
    hosts = sorted({one.host for one in found})
    host = server or (hosts[0] if len(hosts) == 1 else here)
    if hosts and host not in hosts:
        if server:
            raise NotFoundError(f"there are no backups of the server {quoted(server)}", hint=hint)
        only = f" --app {app}" if app else ""  # without it all apps would be restored
        raise UsageError(
            f"which server's? There are backups of {', '.join(hosts)}",
            hint=f"pushdeploy backup:restore --server {hosts[0]}{only}",
        )
    fitting = [one for one in found if one.host == host and (not app or app in one.apps)]
    if not fitting:
        what = (
            f"no backup of {host} has an app `{app}`" if app and hosts else "there are no backups"
        )
        raise NotFoundError(what, hint=hint)
    past = [one for one in fitting if one.at <= now + AHEAD_SECONDS]
    return (past or fitting)[-1]


def of_server(found: Sequence[Snapshot], host: str) -> tuple[Snapshot, ...]:
    """Those of one server."""
    return tuple(one for one in found if one.host == host)


def tags(apps: Sequence[str], left: Sequence[str], size: int) -> tuple[str, ...]:
    """What a snapshot is marked with, so that a list needs nothing but the list."""
    return (
        TAG,
        f"{SIZE_TAG}{size}",
        *(f"{APP_TAG}{app}" for app in apps),
        *(f"{LEFT_TAG}{app}" for app in left),
    )


def parse_snapshots(text: str) -> tuple[Snapshot, ...]:
    """Those of `restic snapshots --json` that are ours, oldest first.

    Raises:
        RefusedInputError: it is not what restic prints.
    """
    try:
        found = [one for one in json.loads(text) or [] if TAG in (one.get("tags") or [])]
        return tuple(sorted(map(_snapshot, found), key=lambda one: one.at))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedInputError(f"what restic lists can't be read: {error}") from error


def _snapshot(record: Mapping[str, object]) -> Snapshot:
    marks = [str(one) for one in record["tags"]]  # type: ignore[attr-defined]
    sizes = [one.removeprefix(SIZE_TAG) for one in marks if one.startswith(SIZE_TAG)]
    return Snapshot(
        id=str(record["id"])[:8],
        at=datetime.fromisoformat(_FRACTION.sub(r"\1", str(record["time"]))).timestamp(),
        host=str(record["hostname"]),
        apps=_named(marks, APP_TAG),
        left=_named(marks, LEFT_TAG),
        size=int(sizes[0]) if sizes and sizes[0].isdigit() else 0,
    )


def _named(marks: Sequence[str], kind: str) -> tuple[str, ...]:
    return tuple(sorted(one.removeprefix(kind) for one in marks if one.startswith(kind)))
