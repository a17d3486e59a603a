"""What was told and is still to be told: the memory of the notices, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pushdeploy.model.notice import News, Notice, State, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

QUIET_SECONDS = 3600.0
"""Of one trouble not more is told within so long than that it began, and that it is over."""

FIRST_PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 3600.0
"""Between two tries: a minute, then twice as long each time, to an hour."""

GIVE_UP_SECONDS = 3 * 86400.0
"""After so long a notice that can't be sent is given up."""

MOST_WAITING = 200
"""Notices that wait, one for each address; of more, the oldest are given up."""

MOST_GIVEN_UP = 20
"""So many are remembered."""


@dataclass(frozen=True, slots=True)
class Open:
    """A trouble that has begun."""

    trouble: Trouble
    told: bool
    """Somebody was told, and will be told when it is over."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way to one address."""

    notice: Notice
    to: str
    """The address's `id`."""
    made: float
    tries: int = 0
    due: float = 0.0
    """Not before this, epoch seconds."""
    answer: str = ""
    """What became of the last try, in words."""

    def failed(self, answer: str, now: float) -> Delivery:
        """The same after another try that failed."""
        pause: float = FIRST_PAUSE_SECONDS * 2 ** min(self.tries, 10)
        due = now + min(pause, LONGEST_PAUSE_SECONDS)
        return replace(self, tries=self.tries + 1, due=due, answer=answer)

    def is_stale(self, now: float) -> bool:
        """Whether it is given up."""
        return now - self.made >= GIVE_UP_SECONDS


@dataclass(frozen=True, slots=True)
class Memory:
    """All of it; written after each look, in one step."""

    began: float = 0.0
    """When somebody was first there to be told; what is older is not told."""
    at: float = 0.0
    """When it was written."""
    attempts: dict[str, int] = field(default_factory=dict)
    """Of each app, the last attempt that was told, or needed not to be."""
    counters: dict[str, int] = field(default_factory=dict)
    """Numbers that only grow, as they were at the last look: `blog/oom`."""
    seen: dict[str, float] = field(default_factory=dict)
    """When such a number last grew."""
    open: tuple[Open, ...] = ()
    told: dict[str, float] = field(default_factory=dict)
    """When the beginning of a trouble, or news of a key, was last told: within the last hour."""
    waiting: tuple[Delivery, ...] = ()
    given_up: tuple[Delivery, ...] = ()


Addressed = tuple[str, "Callable[[Notice], bool]"]
"""An address: its `id`, and whether it takes a notice."""


def remember(
    memory: Memory,
    wrong_now: Sequence[Trouble],
    news: Iterable[News],
    addresses: Mapping[str, Callable[[Notice], bool]],
    now: float,
) -> Memory:
    """What is to be told after a look.

    Args:
        memory: as it was.
        wrong_now: all that is wrong now.
        news: what has happened since the last look.
        addresses: by `id`, whether each takes a notice.
        now: epoch seconds.
    """
    told = {key: at for key, at in memory.told.items() if now - at < QUIET_SECONDS}
    notices: list[Notice] = []
    opened: list[Open] = []
    before = {one.trouble.identity: one for one in memory.open}
    for trouble in wrong_now:
        key = trouble.identity
        known = before.pop(key, None)
        first = trouble if known is None else replace(trouble, since=known.trouble.since)
        if known is not None and known.told:
            opened.append(Open(first, told=True))
        elif key in told:
            opened.append(Open(first, told=False))
        else:
            told[key] = now
            notices.append(_notice(first, State.BEGUN, first.text, now))
            opened.append(Open(first, told=True))
    notices += [
        _notice(one.trouble, State.OVER, one.trouble.over, now)
        for one in before.values()
        if one.told
    ]
    for one in news:
        if one.key and one.key in told:
            continue
        if one.key:
            told[one.key] = now
        notices.append(one.notice)
    made = tuple(
        Delivery(notice, to, now)
        for notice in notices
        for to, takes in addresses.items()
        if takes(notice)
    )
    kept = (one for one in memory.waiting if one.to in addresses)
    return _bounded(
        replace(memory, open=tuple(opened), told=told, waiting=(*kept, *made), at=now), now
    )


def tried(memory: Memory, answers: Mapping[int, str], now: float) -> Memory:
    """After a try to send.

    Args:
        memory: as it was.
        answers: by the position among those that wait, what went wrong; empty: it was sent.
        now: epoch seconds.
    """
    waiting = tuple(
        one.failed(answers[index], now) if index in answers else one
        for index, one in enumerate(memory.waiting)
        if answers.get(index) != ""
    )
    return _bounded(replace(memory, waiting=waiting, at=now), now)


def _bounded(memory: Memory, now: float) -> Memory:
    stale = [one for one in memory.waiting if one.is_stale(now)]
    fresh = [one for one in memory.waiting if not one.is_stale(now)]
    stale += fresh[:-MOST_WAITING]
    given_up = (*memory.given_up, *stale)[-MOST_GIVEN_UP:]
    return replace(memory, waiting=tuple(fresh[-MOST_WAITING:]), given_up=given_up)


def _notice(trouble: Trouble, state: State, text: str, now: float) -> Notice:
    key = f"{trouble.identity}/{state}/{now:.0f}"
    return Notice(key, trouble.topic, state, trouble.app, text, trouble.since, trouble.command)
