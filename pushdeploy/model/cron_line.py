"""A cron line: five fields, by cronsim; as systemd's `OnCalendar=`, in words, and its next times.

Days are where the two differ. When both the day of the month and the day of the week are
restricted, cron runs on days that match either; a line of systemd wants both, so there are two.
When one of them begins with `*`, such as `*/2`, cron wants both too (as Debian's cron does).

Source: crontab(5), systemd.time(7). Imported only where an app has such lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from cronsim import CronSim, CronSimError

from pushdeploy.errors import UsageError
from pushdeploy.model.cron_job import zone_of
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST = 200
"""Characters: more than all minutes of an hour one by one."""

SHORTHANDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

FIELDS = 5
RANGES = {
    "minute": "minute (0-59)",
    "hour": "hour (0-23)",
    "day-of-month": "day of the month (1-31)",
    "month": "month (1-12)",
    "day-of-week": "day of the week (0-7, 0 and 7 are Sunday)",
}
"""cronsim's names of the fields, and ours."""
HOURS, DAYS, MONTHS, WEEKDAYS = range(24), range(1, 32), range(1, 13), range(1, 8)
NAMES = ("", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)
WEEK = 7
LAST_DAY, LAST_WEEK = "~01", "~07/1"
FRIDAY = 5
WORKDAYS = frozenset(range(1, 6))
ALL_WEEK = frozenset(WEEKDAYS)


@dataclass(frozen=True, slots=True)
class _Days:
    """Some days of a month: these weekdays, and these dates."""

    weekdays: frozenset[int]
    dates: frozenset[int] | str
    """Days of the month, or what systemd counts from its end: `~01` is the last day."""


def parse_line(text: str) -> str:
    """The five fields of a line, one space between them.

    Raises:
        UsageError: cron would not take it, or it is never due.
    """
    line = SHORTHANDS.get(text.strip().lower(), " ".join(text.split()))
    if len(line) > LONGEST or not line.isascii():
        raise UsageError(f"{quoted(text)} is not a cron line")
    if line.startswith("@"):
        raise UsageError(f"{quoted(text)} is not supported; {', '.join(SHORTHANDS)} are")
    if len(line.split()) != FIELDS:
        raise UsageError(
            f"{quoted(text)} has {len(line.split())} fields, expected {FIELDS}: minute, hour, "
            "day of the month, month, day of the week"
        )
    try:
        next(CronSim(line, SOME_DAY))
    except StopIteration:
        raise UsageError(f"{quoted(text)} is never due") from None
    except (CronSimError, AssertionError, ValueError, TypeError) as error:
        cause = str(error).removeprefix("Bad ").strip()
        if cause == "day-of-month" and _lacks_only_the_month(line):
            raise UsageError(f"{quoted(text)} is never due: no such month has that day") from None
        wrong = RANGES.get(cause, "a field")
        raise UsageError(f"{quoted(text)} is not a cron line: its {wrong} is wrong") from None
    return line


def _lacks_only_the_month(line: str) -> bool:
    """`0 0 31 2 *`: another month has the day."""
    minute, hour, day, _, week = line.split()
    try:
        CronSim(f"{minute} {hour} {day} * {week}", SOME_DAY)
    except (CronSimError, AssertionError, ValueError, TypeError):
        return False
    return True


def in_words(line: str) -> str:
    """`At 03:00 every day`."""
    return CronSim(line, SOME_DAY).explain()


def next_times(line: str, timezone: str, after: float, count: int) -> tuple[float, ...]:
    """When it comes next, in epoch seconds."""
    times = CronSim(line, datetime.fromtimestamp(after, zone_of(timezone)))
    return tuple(next(times).timestamp() for _ in range(count))


def on_calendar(line: str, timezone: str) -> tuple[str, ...]:
    """Values of `OnCalendar=`, which together come exactly when the line does.

    Raises:
        UsageError: systemd has no form for it.
    """
    parsed = CronSim(line, SOME_DAY)
    month = _numbers(parsed.months, MONTHS)
    time = f"{_numbers(parsed.hours, HOURS)}:{_numbers(parsed.minutes, range(60))}:00"
    found = []
    for days in _days(parsed):
        week = "" if days.weekdays == ALL_WEEK else f"{_weekdays(days.weekdays)} "
        date = days.dates if isinstance(days.dates, str) else f"-{_numbers(days.dates, DAYS)}"
        found.append(f"{week}*-{month}{date} {time} {timezone}")
    return tuple(dict.fromkeys(found))


def _days(parsed: CronSim) -> Iterator[_Days]:
    dates, week = list(_of_month(parsed)), list(_of_week(parsed))
    if not parsed.day_and:
        yield from dates
        yield from week
        return
    for one in dates:
        for other in week:
            both = _both(one, other)
            if both.weekdays and both.dates:
                yield both


def _of_month(parsed: CronSim) -> Iterator[_Days]:
    numbers = frozenset(day for day in parsed.days if day > 0)
    if numbers:
        yield _Days(ALL_WEEK, numbers)
    if CronSim.LAST in parsed.days:
        yield _Days(ALL_WEEK, LAST_DAY)
    if CronSim.LAST_WEEKDAY in parsed.days:
        yield _Days(WORKDAYS, LAST_DAY)
        yield from (_Days(frozenset({FRIDAY}), f"~0{back}") for back in (2, 3))


def _of_week(parsed: CronSim) -> Iterator[_Days]:
    numbers = frozenset(day or WEEK for day in parsed.weekdays if isinstance(day, int))
    if numbers:
        yield _Days(numbers, frozenset(DAYS))
    for one in sorted(one for one in parsed.weekdays if not isinstance(one, int)):
        weekday, which = frozenset({one[0] or WEEK}), one[1]
        if which == CronSim.LAST:
            yield _Days(weekday, LAST_WEEK)
        else:
            first = WEEK * (which - 1) + 1
            yield _Days(weekday, frozenset(range(first, min(first + WEEK, len(DAYS) + 1))))


def _both(one: _Days, other: _Days) -> _Days:
    """The days that are in both."""
    weekdays = one.weekdays & other.weekdays
    a, b = one.dates, other.dates
    if a == b or b == frozenset(DAYS):
        return _Days(weekdays, a)
    if a == frozenset(DAYS):
        return _Days(weekdays, b)
    if isinstance(a, frozenset) and isinstance(b, frozenset):
        return _Days(weekdays, a & b)
    if isinstance(a, str) and isinstance(b, str):  # the last days are in the last week
        return _Days(weekdays, a if b == LAST_WEEK else b)
    raise UsageError("it counts days from both ends of the month, which systemd can't do")


def _weekdays(days: Iterable[int]) -> str:
    return ",".join(NAMES[day] for day in sorted(days))


def _numbers(values: Iterable[int], every: range) -> str:
    """`*`, or `1,4..6`."""
    found = sorted(set(values))
    if found == list(every):
        return "*"
    breaks = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(found)) if b != a + 1), len(found)]
    runs = [found[start:end] for start, end in pairwise(breaks)]
    return ",".join(
        f"{run[0]:02}..{run[-1]:02}" if len(run) > 1 else f"{run[0]:02}" for run in runs
    )
