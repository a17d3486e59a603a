"""Points in time: local and rough for people, ISO 8601 in UTC for programs."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from pushdeploy.model.size import format_duration


def iso(seconds: float) -> str:
    """`2026-11-22T10:00:00Z`, from seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(seconds: float) -> str:
    """`2026-11-22 11:00`, on this machine's clock."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def ago(seconds: float, now: float) -> str:
    """`3h ago`, in the largest unit."""
    since = math.floor(max(0.0, now - seconds))
    return f"{format_duration(since).split(' ')[0]} ago"


def local_and_ago(seconds: float, now: float) -> str:
    """`2026-11-22 11:00 (3h ago)`."""
    return f"{local(seconds)} ({ago(seconds, now)})"
