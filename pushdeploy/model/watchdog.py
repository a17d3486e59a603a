"""The watchdog's rules: what hangs, what crash-loops, and when either is restarted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.instance import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.model.health import HealthCheck
    from pushdeploy.model.instance import Status

SILENT_SECONDS = 15.0
"""How long each of the watchdog's requests waits, or longer if the app's check says so: an app that
is slow, or busy for a moment, is not to lose what it has in hand."""

BOOT_SECONDS = 60.0
"""A process that is younger than this, and than its checks' patience, may still be starting."""

FIRST_GAP_SECONDS = 300.0
LONGEST_GAP_SECONDS = 3600.0
"""From one restart to the next: 5 minutes, then twice as long each time, to an hour."""

FORGET_SECONDS = 2 * LONGEST_GAP_SECONDS
"""After so long without a restart the gaps begin again."""

LOOP_RESTARTS = 5
LOOP_SECONDS = 60.0
"""So many restarts, and down or up for less than this: a crash loop."""

STEADY_SECONDS = 600.0
"""Up for so long: a crash loop is over."""


def silence(check: HealthCheck) -> float:
    """Seconds that one request of the watchdog waits."""
    return max(SILENT_SECONDS, check.timeout)


def may_be_starting(status: Status, checks: Sequence[HealthCheck], now: float) -> bool:
    """True when silence says nothing yet, or the supervisor is about to start it anyway."""
    if status.state is not State.UP:
        return True
    asked = sum(one.initial_delay + one.attempts * (one.timeout + one.wait) for one in checks)
    patience = max(BOOT_SECONDS, asked if checks[0].explicit else 0)
    return status.since is not None and now - status.since < patience


def next_hang_restart(former: Sequence[float]) -> float:
    """When the watchdog may act again, given when it did (epoch seconds, oldest first)."""
    if not former:
        return 0.0
    in_a_row = 1
    for earlier, later in zip(former[-2::-1], former[:0:-1], strict=True):
        if later - earlier > FORGET_SECONDS:
            break
        in_a_row += 1
    gap: float = FIRST_GAP_SECONDS * 2 ** min(in_a_row - 1, 10)
    return former[-1] + min(gap, LONGEST_GAP_SECONDS)


def restarted(count: int, ago: str) -> str:
    """`restarted twice, most recently 3h ago`."""
    if count == 1:
        return f"restarted once, {ago}"
    times = "twice" if count == 2 else f"{count} times"  # noqa: PLR2004 - English has no `thrice`
    return f"restarted {times}, most recently {ago}"


def crash_loops(status: Status, now: float) -> bool:
    """True when it ended by itself again and again, the last time just now."""
    if status.restarts < LOOP_RESTARTS:
        return False
    if status.state is State.UP:
        return status.since is not None and now - status.since < LOOP_SECONDS
    return status.state in (State.CRASHED, State.STARTING)


def is_steady(status: Status, now: float) -> bool:
    """True when it has been up for long."""
    if status.state is not State.UP or status.since is None:
        return False
    return now - status.since >= STEADY_SECONDS


def needs_other_backoff(status: Status, now: float) -> bool:
    """True when its pauses between starts don't fit how it does."""
    return is_steady(status, now) if status.slowed else crash_loops(status, now)
