"""Specifiers of Python versions mean what they mean to pip and uv, and to Poetry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pushdeploy.model.python_specifier import parse_specifier
from pushdeploy.model.python_version import PythonVersion

NUMBERS = st.lists(st.integers(0, 15), min_size=1, max_size=3).map(
    lambda them: ".".join(map(str, them))
)
CLAUSES = st.builds(
    lambda sign, numbers, any_: sign + numbers + any_,
    st.sampled_from(["==", "!=", "~=", "<=", ">=", "<", ">"]),
    NUMBERS,
    st.sampled_from(["", "", ".*"]),
)


@given(
    st.lists(CLAUSES, min_size=1, max_size=3).map(", ".join),
    st.builds(PythonVersion, st.integers(2, 4), st.integers(0, 15), st.integers(0, 15)),
)
def test_it_decides_as_pip_does(text: str, version: PythonVersion) -> None:
    try:
        known = SpecifierSet(text)
    except InvalidSpecifier:
        assert parse_specifier(text) is None
        return

    found = parse_specifier(text)

    assert found is not None
    assert found.matches(version) == known.contains(str(version))


@pytest.mark.parametrize(
    ("text", "fits", "does_not"),
    [
        ("^3.11", "3.14", "4.0"),
        ("^3.11", "3.11", "3.10"),
        ("~3.11", "3.11", "3.12"),
        ("~3", "3.9", "4.0"),
        ("3.11", "3.11", "3.12"),
        (" >= 3.9 , < 3.13 ", "3.12", "3.13"),
    ],
)
def test_it_reads_what_poetry_writes(text: str, fits: str, does_not: str) -> None:
    found = parse_specifier(text)

    assert found is not None
    assert found.matches(_version(fits))
    assert not found.matches(_version(does_not))


@pytest.mark.parametrize(
    "text", ["", "*", ",", "three", ">=3.9 || <2", "~=3", ">=3.*", "3.11-dev", "=>3.9", "9" * 300]
)
def test_anything_else_asks_for_nothing(text: str) -> None:
    assert parse_specifier(text) is None


def _version(text: str) -> PythonVersion:
    major, minor = map(int, text.split("."))
    return PythonVersion(major, minor, 0)
