"""A venv begins with another one's files only if each would be the same one made afresh."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.seed import Seed, may_grow, parse_seed, render_seed

FLASK = "flask==3.1.3 --hash=sha256:aa \\\n    --hash=sha256:bb\n"
SEED = Seed("a1" * 12, "/usr/bin/python3.11 3.11.2", "/opt/1/uv", {"requirements.txt": "flask\n"})


def of(text: str, **files: str) -> Seed:
    """Made from this requirements.txt."""
    return replace(SEED, requirements={"requirements.txt": text, **files})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("flask\n", "flask\nwaitress\n"),
        ("flask\nwaitress\n", "flask\n"),
        ("flask==3.0\n", "flask==3.1 # newer\n"),
        ("flask\n", "-r more.txt\n"),
        ("flask\n", "-c pins.txt\nflask[async]\n"),
        ("--index-url https://one/simple\nflask\n", "--index-url https://one/simple\ndjango\n"),
        (FLASK, FLASK + "six==1 --hash=sha256:cc\n"),
        (FLASK, "flask==3.1.4 --hash=sha256:dd\n"),
        (FLASK, "flask==3.1.3 --hash=sha256:bb --hash=sha256:aa\n"),
        ("x @ https://one/x.whl\n", "flask\n"),
    ],
)
def test_files_come_along_whatever_packages_are_asked_for(before: str, after: str) -> None:
    assert may_grow(of(before), of(after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("flask\n", "--index-url https://two/simple\nflask\n"),
        ("--index-url https://one/simple\nflask\n", "--index-url https://two/simple\nflask\n"),
        ("--extra-index-url=https://one\nflask\n", "flask\n"),
        ("flask\n", "--pre\nflask\n"),
        ("flask\n", "flask\n--find-links wheels\n"),
        ("flask\n", "flask\n--no-binary :all:\n"),
        (FLASK, "flask==3.1.3 --hash=sha256:cc\n"),
        ("flask==3.1.3\n", FLASK),
        ("flask\n", "flask\nx @ https://one/x.whl\n"),
        ("flask\n", "https://one/x.whl\n"),
        ("x@git+ssh://git@one/x\n", "x@git+ssh://git@one/x\n"),
    ],
)
def test_nothing_comes_along_where_a_name_may_mean_another_file(before: str, after: str) -> None:
    assert not may_grow(of(before), of(after))


@pytest.mark.parametrize("other", [{"python": "/usr/bin/python3.11 3.11.3"}, {"uv": "/opt/2/uv"}])
def test_another_python_or_uv_begins_afresh(other: dict[str, str]) -> None:
    assert not may_grow(SEED, replace(SEED, **other))


def test_options_count_in_whatever_file_they_are() -> None:
    plain, other = of("-r b\nflask\n", b="six\n"), of("-r b\nflask\n", b="--pre\nsix\n")

    assert not may_grow(plain, other)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_what_is_written_is_read_again(requirements: dict[str, str]) -> None:
    seed = replace(SEED, requirements=requirements)

    assert parse_seed(render_seed(seed)) == seed


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "{}", '"a"', "\0" * 100),
        render_seed(SEED)[:-20],
        render_seed(replace(SEED, venv="../../../etc")),
        render_seed(replace(SEED, venv="")),
        render_seed(SEED).replace('"uv"', '"vu"'),
    ],
)
def test_anything_else_is_no_seed(text: str) -> None:
    assert parse_seed(text) is None
