"""How a notice reads, for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pushdeploy.model.notice import State

if TYPE_CHECKING:
    from pushdeploy.model.notice import Notice


def title(notice: Notice, server: str) -> str:
    """`blog on web1: v13 is live`; without an app, `web1: the disk is 91 % full`."""
    where = f"{notice.app} on {server}" if notice.app else server
    return f"{where}: {notice.text}"


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
        "text": notice.text,
        "since": datetime.fromtimestamp(notice.since, UTC).isoformat(timespec="seconds"),
        "command": notice.command or None,
    }
