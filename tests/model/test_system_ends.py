"""Until when a distribution gets security updates, and when that is near."""

from __future__ import annotations

import calendar

import pytest

from pushdeploy.model.end_of_life import ends_soon, system_ends
from pushdeploy.model.python_version import PythonVersion


def at(*day: int) -> float:
    """Epoch seconds of a day."""
    return float(calendar.timegm((*day, 0, 0, 0)))


@pytest.mark.parametrize(
    ("system", "day", "told"),
    [
        (("debian", "12"), (2026, 11, 30), None),
        (("debian", "12"), (2028, 5, 10), "2028-06-30"),
        (("debian", "12"), (2030, 1, 1), "2028-06-30"),
        (("ubuntu", "24.04"), (2026, 11, 30), None),
        (("ubuntu", "25.10"), (2026, 11, 30), "2026-07-31"),
        (("debian", ""), (2040, 1, 1), None),
    ],
)
def test_an_end_is_told_when_it_is_near_or_over(
    system: tuple[str, str], day: tuple[int, ...], told: str | None
) -> None:
    assert system_ends(*system, at(*day)) == told


def test_a_python_is_told_of_two_months_before_its_end() -> None:
    assert not ends_soon(PythonVersion(3, 11), at(2027, 8, 1))
    assert ends_soon(PythonVersion(3, 11), at(2027, 9, 15))
