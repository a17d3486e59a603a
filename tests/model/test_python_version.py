"""An app asks for one Python in one way, and gets the newest that fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.python_version import (
    PythonVersion,
    choose,
    parse_python_version,
    parse_runtime_txt,
)

PRESENT = (
    PythonVersion(3, 9, 18),
    PythonVersion(3, 11, 2),
    PythonVersion(3, 13, 1),
    PythonVersion(3, 13, 10),
)
VERSIONS = st.builds(
    PythonVersion, st.integers(0, 9), st.integers(0, 99), st.none() | st.integers(0, 99)
)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.13", PythonVersion(3, 13)),
        ("3.13.2\n", PythonVersion(3, 13, 2)),
        ("\ufeff# pinned\r\n\r\n 3.13 \r\n", PythonVersion(3, 13)),
        ("cpython-3.13.2", PythonVersion(3, 13, 2)),
        ("3.13.0", PythonVersion(3, 13, 0)),
    ],
)
def test_a_version_is_read(text: str, version: PythonVersion) -> None:
    assert parse_python_version(text) == version


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "contains no version"),
        ("# 3.13", "contains no version"),
        ("3.13\n3.12", "contains 2 versions: `3.13`, `3.12`"),
        ("3", "`3`, which is not a version"),
        ("3.13.x", "not a version"),
        ("3.13-dev", "not a version"),
        ("3.14t", "not a version"),
        ("3.14.0rc1", "not a version"),
        (">=3.11", "not a version"),
        ("3.013", "not a version"),
        ("pypy3.10-7.3.12", "not a version"),
        ("system", "not a version"),
        ("3.13 # latest", "not a version"),
        ("\u0663.11", "not a version"),
        ("python-3.13.2", "the format of `runtime.txt`"),
    ],
)
def test_anything_but_one_version_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        parse_python_version(text)

    assert refusal.value.message.startswith("`.python-version` contains")
    assert complaint in refusal.value.message


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("python-3.13", PythonVersion(3, 13)),
        ("python-3.13.x\n", PythonVersion(3, 13)),
        ("python-3.13.2", PythonVersion(3, 13, 2)),
    ],
)
def test_the_older_file_is_read(text: str, version: PythonVersion) -> None:
    assert parse_runtime_txt(text) == version


@pytest.mark.parametrize("text", ["3.13", "python3.13", "Python-3.13", "python-3", "pypy-3.13", ""])
def test_another_form_of_the_older_file_is_refused(text: str) -> None:
    with pytest.raises(RefusedInputError, match=r"`runtime\.txt` contains"):
        parse_runtime_txt(text)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (PythonVersion(3, 13), PythonVersion(3, 13, 10)),
        (PythonVersion(3, 13, 1), PythonVersion(3, 13, 1)),
        (PythonVersion(3, 9), PythonVersion(3, 9, 18)),
        (None, PythonVersion(3, 13, 10)),
    ],
)
def test_the_newest_that_fits_is_chosen(
    wanted: PythonVersion | None, chosen: PythonVersion
) -> None:
    assert choose(wanted, PRESENT) == chosen


@pytest.mark.parametrize("wanted", [PythonVersion(3, 12), PythonVersion(3, 13, 2)])
def test_when_none_fits_those_present_are_named(wanted: PythonVersion) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        choose(wanted, PRESENT)

    assert f"Python `{wanted}`" in refusal.value.message
    assert "it has 3.13.10, 3.13.1, 3.11.2, 3.9.18" in refusal.value.message
    assert "`3.13`" in str(refusal.value.hint)


def test_a_server_without_python_says_so() -> None:
    with pytest.raises(RefusedInputError, match="it has none"):
        choose(PythonVersion(3, 13), [])


@given(VERSIONS)
def test_what_is_written_is_what_is_read(version: PythonVersion) -> None:
    assert parse_python_version(str(version)) == version
    assert parse_runtime_txt(f"python-{version}") == version


@given(st.lists(VERSIONS.filter(lambda version: version.patch is not None), min_size=1))
def test_the_choice_is_always_one_of_those_present(present: list[PythonVersion]) -> None:
    assert choose(None, present) in present
