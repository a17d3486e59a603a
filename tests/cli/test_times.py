"""Points in time, for people and for programs."""

from __future__ import annotations

import pytest

from pushdeploy.cli.times import ago, iso, local_and_ago
from tests.cli.answers import NOW


def test_programs_get_utc() -> None:
    assert iso(NOW + 0.999) == "2026-11-22T10:00:00Z"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s ago"),
        (0, "0s ago"),
        (59.9, "59s ago"),
        (60, "1m ago"),
        (3599, "59m ago"),
        (7500, "2h ago"),
        (90_000, "1d ago"),
        (8_640_000, "100d ago"),
    ],
)
def test_people_get_the_largest_unit(seconds: float, text: str) -> None:
    assert ago(NOW - seconds, NOW) == text


@pytest.mark.usefixtures("in_utc")
def test_people_get_the_clock_of_the_machine_too() -> None:
    assert local_and_ago(NOW - 60, NOW) == "2026-11-22 09:59 (1m ago)"
