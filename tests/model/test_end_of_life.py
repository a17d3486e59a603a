"""Versions of Python whose fixes have ended are known by their date."""

from __future__ import annotations

from datetime import UTC, datetime

from pushdeploy.model.end_of_life import end_of_life, is_over
from pushdeploy.model.python_version import PythonVersion


def at(year: int, month: int) -> float:
    """The last day of a month but two, at noon."""
    return datetime(year, month, 28, 12, tzinfo=UTC).timestamp()


def test_a_version_ends_with_its_last_month() -> None:
    version = PythonVersion(3, 10, 22)

    assert end_of_life(version) == "2026-10"
    assert not is_over(version, at(2026, 10))
    assert is_over(version, at(2026, 11))


def test_the_oldest_have_ended_and_of_the_newest_nothing_is_known() -> None:
    assert is_over(PythonVersion(2, 7, 18), at(2026, 1))
    assert end_of_life(PythonVersion(3, 99)) is None
    assert not is_over(PythonVersion(3, 99), at(2099, 1))
