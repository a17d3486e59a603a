"""An app asks for one Python in one way, and gets the newest that fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.python_version import (
    PythonVersion,
    missing,
    newest,
    parse_python_version,
    parse_runtime_txt,
    version_or_none,
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
        ("cpython-3.13", PythonVersion(3, 13)),
        ("3.13\n3.12\n3.11.4\n", PythonVersion(3, 13)),
        ("3.13 # latest", PythonVersion(3, 13)),
    ],
)
def test_a_version_is_read(text: str, version: PythonVersion) -> None:
    assert parse_python_version(text) == version


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "contains no version"),
        ("# 3.13", "contains no version"),
        ("3", "`3`, which is not a version"),
        ("3.13.x", "not a version"),
        ("3.13-dev", "not a version"),
        ("3.14t", "not a version"),
        ("3.14.0rc1", "not a version"),
        (">=3.11", "not a version"),
        ("3.013", "not a version"),
        ("pypy3.10-7.3.12", "not a version"),
        ("system", "not a version"),
        ("system\n3.13", "not a version"),
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
        (PythonVersion(3, 13, 1), PythonVersion(3, 13, 10)),
        (PythonVersion(3, 11, 9), PythonVersion(3, 11, 2)),
        (PythonVersion(3, 9), PythonVersion(3, 9, 18)),
        (None, PythonVersion(3, 13, 10)),
    ],
)
def test_the_newest_that_fits_is_chosen(
    wanted: PythonVersion | None, chosen: PythonVersion
) -> None:
    assert newest(wanted, PRESENT) == chosen


def test_when_none_fits_nothing_is_chosen() -> None:
    assert newest(PythonVersion(3, 12), PRESENT) is None


def test_what_is_missing_is_named_with_those_present_and_the_command_that_brings_it() -> None:
    error = missing(PythonVersion(3, 12, 4), ".python-version", PRESENT, [PythonVersion(3, 12, 16)])

    assert "`.python-version` asks for Python `3.12.4`" in error.message
    assert error.message.endswith("it has 3.13.10, 3.13.1, 3.11.2, 3.9.18")
    assert error.hint == "pushdeploy python:install 3.12"


def test_what_can_not_be_fetched_is_said_and_another_one_named() -> None:
    error = missing(PythonVersion(3, 6), "runtime.txt", PRESENT, [PythonVersion(3, 12, 16)])

    assert error.message.endswith("; nor can it be fetched")
    assert error.hint == "ask for `3.13` in runtime.txt"


def test_a_server_without_python_says_so() -> None:
    error = missing(PythonVersion(3, 13), ".python-version", [], [])

    assert "it has none" in error.message
    assert error.hint == "sudo apt-get install python3 python3-venv"


@given(VERSIONS)
def test_what_is_written_is_what_is_read(version: PythonVersion) -> None:
    assert parse_python_version(str(version)) == version
    assert parse_runtime_txt(f"python-{version}") == version
    assert version_or_none(str(version)) == version


@given(st.lists(VERSIONS.filter(lambda version: version.patch is not None), min_size=1))
def test_the_choice_is_always_one_of_those_present(present: list[PythonVersion]) -> None:
    assert newest(None, present) in present
