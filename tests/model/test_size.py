"""Sizes and durations are read and shown as people write them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import UsageError
from pushdeploy.model.size import format_duration, format_size, parse_size

MIB = 1024**2


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("512", 512),
        ("512b", 512),
        ("1k", 1024),
        ("20m", 20 * MIB),
        ("20M", 20 * MIB),
        ("20MB", 20 * MIB),
        ("20 MiB", 20 * MIB),
        ("2g", 2 * 1024 * MIB),
        ("1T", MIB * MIB),
    ],
)
def test_a_size_is_read_in_powers_of_1024(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    ["", "m", "-1", "1.5g", "20p", "20mm", "20m\n", "\u0662m", "20 m b", "infinity", "9" * 16],
)
def test_another_text_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="is not a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (MIB - 1, "1023 KiB"),
        (20 * MIB, "20 MiB"),
        (150 * MIB + MIB // 2, "150 MiB"),
        (3 * 1024 * MIB // 2, "1.5 GiB"),
        (5000 * MIB * MIB, "5000 TiB"),
    ],
)
def test_a_size_is_shown_in_its_largest_unit(size: int, shown: str) -> None:
    assert format_size(size) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (0.04, "0s"),
        (0.4, "0.4s"),
        (0.3, "0.3s"),
        (2, "2s"),
        (9.99, "9.9s"),
        (10, "10s"),
        (59.9, "59s"),
        (60, "1m"),
        (61.5, "1m 1s"),
        (3600, "1h"),
        (3601, "1h"),
        (11_040, "3h 4m"),
        (86_400 * 3 + 3600 * 2 + 5, "3d 2h"),
    ],
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds: float, shown: str) -> None:
    assert format_duration(seconds) == shown


@given(st.integers(0, 2**62))
def test_a_shown_size_is_never_more_than_the_size(size: int) -> None:
    number, unit = format_size(size).split()
    power = "bKMGT".index(unit[0])

    shown = Fraction(number) * 1024**power

    assert shown <= size
    assert size - shown < max(1, 1024**power)


@given(st.floats(0, 1e9))
def test_a_shown_duration_is_short(seconds: float) -> None:
    assert 2 <= len(format_duration(seconds)) <= 12
