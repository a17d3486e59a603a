"""Cron lines: what is refused, and that systemd's form of each comes exactly when cron's does."""

import datetime
import re
import shutil

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from pushdeploy.errors import UsageError
from pushdeploy.model.cron_line import in_words, next_times, on_calendar, parse_line
from pushdeploy.system.command import Command, run

COUNT = 12
SHOWN = re.compile(r"(?:Next elapse|Iter\. #[0-9]+): \w{3} ([0-9-]{10} [0-9:]{8}) UTC")
NEEDS_SYSTEMD = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def by_systemd(calendar: tuple[str, ...], after: str) -> list[str]:
    """The next times of all these values together, as systemd counts them."""
    line = ["env", "TZ=UTC", "systemd-analyze", "calendar", f"--iterations={COUNT}"]
    found: set[str] = set()
    for value in calendar:
        found |= set(SHOWN.findall(run(Command([*line, f"--base-time={after} UTC", value])).stdout))
    return sorted(found)[:COUNT]


def by_cron(line: str, timezone: str, after: str) -> list[str]:
    """The same by cronsim."""
    began = datetime.datetime.fromisoformat(f"{after}+00:00").timestamp()
    times = next_times(line, timezone, began, COUNT)
    return [
        f"{datetime.datetime.fromtimestamp(at, datetime.UTC):%Y-%m-%d %H:%M:%S}" for at in times
    ]


def field(low: int, high: int, *special: str) -> st.SearchStrategy[str]:
    """One field: `*`, numbers, ranges and steps of them, or lists of those."""
    number = st.integers(low, high)
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    step = st.tuples(st.one_of(st.just("*"), span), st.integers(1, 9)).map(
        lambda pair: f"{pair[0]}/{pair[1]}"
    )
    one = st.one_of(number.map(str), span, step, *(st.just(word) for word in special))
    return st.one_of(st.just("*"), one, st.lists(one, min_size=2, max_size=3).map(",".join))


LINES = st.tuples(
    field(0, 59),
    field(0, 23),
    field(1, 31, "L", "LW"),
    field(1, 12),
    field(0, 7, "MON", "SUN", "5L", "0L", "3#2", "MON#5"),
).map(" ".join)


@NEEDS_SYSTEMD
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    LINES, st.sampled_from(["2023-12-31 23:59:30", "2024-02-28 12:00:00", "2026-06-15 03:07:00"])
)
@example("0 0 1 * 1", "2024-02-28 12:00:00")
@example("0 0 */2 * 1", "2024-02-28 12:00:00")
@example("0 0 13 * */5", "2024-02-28 12:00:00")
@example("*/7 3 L 2 *", "2024-02-28 12:00:00")
@example("0 0 LW * *", "2024-02-28 12:00:00")
@example("0 0 * * 5L", "2024-02-28 12:00:00")
@example("0 0 1,L * 0L,3#2", "2024-02-28 12:00:00")
@example("0 0 * 2 MON#5", "2023-12-31 23:59:30")
@example("0 0 L * */2", "2024-02-28 12:00:00")
def test_systemd_runs_it_exactly_when_cron_does(line: str, after: str) -> None:
    try:
        parsed = parse_line(line)
        calendar = on_calendar(parsed, "UTC")
    except UsageError:
        assume(False)  # noqa: FBT003 - hypothesis has no other form
    wanted = by_cron(parsed, "UTC", after)
    assume(wanted[-1] < "2060")  # systemd gives up where a line comes once in decades

    assert by_systemd(calendar, after) == wanted


@NEEDS_SYSTEMD
@pytest.mark.parametrize("line", ["0 4 * * *", "*/15 8-18 * * MON-FRI", "30 12 1 * 1"])
@pytest.mark.parametrize("timezone", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
def test_so_it_is_in_another_time_zone(line: str, timezone: str) -> None:
    after = "2026-03-27 00:00:00"  # two days before the clocks of Berlin change

    assert by_systemd(on_calendar(line, timezone), after) == by_cron(line, timezone, after)


@pytest.mark.parametrize(
    ("line", "calendar"),
    [
        ("* * * * *", ("*-*-* *:*:00 UTC",)),
        ("0 3 * * *", ("*-*-* 03:00:00 UTC",)),
        ("@daily", ("*-*-* 00:00:00 UTC",)),
        ("0 0 1 * 1", ("*-*-01 00:00:00 UTC", "Mon *-*-* 00:00:00 UTC")),
        ("0 0 */15 * 1", ("Mon *-*-01,16,31 00:00:00 UTC",)),
        ("0 0 * * 7", ("Sun *-*-* 00:00:00 UTC",)),
        ("0 0 L * *", ("*-*~01 00:00:00 UTC",)),
    ],
)
def test_two_restricted_days_are_two_lines(line: str, calendar: tuple[str, ...]) -> None:
    assert on_calendar(parse_line(line), "UTC") == calendar


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("61 * * * *", "its minute (0-59) is wrong"),
        ("* * * * FOO", "its day of the week (0-7, 0 and 7 are Sunday) is wrong"),
        ("0 0 32 2 *", "its day of the month (1-31) is wrong"),
        ("0 0 31 2 *", "is never due: no such month has that day"),
        ("0 0 */30 * MON#3", "is never due"),
        ("* * *", "has 3 fields, expected 5"),
        ("0 * * * * *", "has 6 fields, expected 5"),
        ("@reboot", "is not supported"),
        ("@every 5m", "is not supported"),
        ("", "has 0 fields"),
        ("5L/2 * * * *", "its minute (0-59) is wrong"),
        ("0 0 * * 5L/2", "its day of the week (0-7, 0 and 7 are Sunday) is wrong"),
        ("٣ * * * *", "is not a cron line"),
        ("1," * 200 + "1 * * * *", "is not a cron line"),
    ],
)
def test_what_cron_would_not_take_is_refused(line: str, cause: str) -> None:
    with pytest.raises(UsageError, match=re.escape(cause)):
        parse_line(line)


def test_days_that_systemd_can_not_count_are_refused() -> None:
    with pytest.raises(UsageError, match="both ends of the month"):
        on_calendar(parse_line("0 0 */2 * 5L"), "UTC")


def test_it_is_said_in_words() -> None:
    assert in_words(parse_line("@daily")) == "At 00:00 every day"
    assert in_words("0 3 * * *") == "At 03:00 every day"


def test_the_next_times_are_those_of_its_time_zone() -> None:
    after = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.UTC).timestamp()

    assert next_times("0 3 * * *", "Europe/Berlin", after, 2) == (
        datetime.datetime(2026, 12, 1, 2, tzinfo=datetime.UTC).timestamp(),
        datetime.datetime(2026, 12, 2, 2, tzinfo=datetime.UTC).timestamp(),
    )
