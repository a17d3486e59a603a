"""How a notice reads, for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pushdeploy.model.notice import State
from pushdeploy.model.text import escaped

if TYPE_CHECKING:
    from pushdeploy.model.notice import Notice

LONGEST = 600
"""Characters: an app's own output may be in a text, and services refuse what is too long."""


def words(notice: Notice) -> str:
    """Its text in one line, not too long, and without what could act on a terminal."""
    line = escaped(" ".join(notice.text.split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def title(notice: Notice, server: str) -> str:
    """`blog on web1: v13 is live`; without an app, `web1: the disk is 91 % full`."""
    where = f"{notice.app} on {server}" if notice.app else server
    return f"{where}: {words(notice)}"


def body(notice: Notice) -> str:
    """Since when, and the command to type."""
    lines = [f"Since {clock(notice.since)}"] if notice.state is not State.NEWS else []
    return "\n".join([*lines, *([notice.command] if notice.command else [])])


def clock(at: float) -> str:
    """`2026-11-30 10:15 UTC`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def record(notice: Notice, server: str) -> dict[str, object]:
    """What a webhook gets, as JSON."""
    return {
        "id": notice.id,
        "server": server,
        "app": notice.app or None,
        "topic": str(notice.topic),
        "state": str(notice.state),
        "title": title(notice, server),
        "text": words(notice),
        "since": datetime.fromtimestamp(notice.since, UTC).isoformat(timespec="seconds"),
        "command": notice.command or None,
    }
