"""A venv begins with another one's files only if each would be the same one made afresh."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.seed import Seed, not_taken_over, parse_seed, render_seed

FLASK = "flask==3.1.3 --hash=sha256:aa \\\n    --hash=sha256:bb\n"
SEED = Seed(
    *("a1" * 12, "/usr/bin/python3.11 3.11.2", "/opt/1/uv"),
    options={"uv.toml": ""},
    requirements={"requirements.txt": "flask\n"},
)


def of(text: str, **files: str) -> Seed:
    """Made from this requirements.txt."""
    return replace(SEED, requirements={"requirements.txt": text, **files})


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("flask\n", "flask\nwaitress\n", "waitress"),
        ("flask\nwaitress\n", "flask\n", "waitress"),
        ("flask\n", "flask # as it is\n", ""),
        ("flask==3.0\n", "flask==3.1 # newer\n", "flask"),
        ("flask\n", "flask[async]\n", "flask"),
        ("flask\n", "-r more.txt\n", "flask"),
        ("Flask_Login\n", "-c pins.txt\nflask.login==1\n", "flask-login"),
        (
            "--index-url https://a/simple\nsix\n",
            "--index-url https://a/simple\nattrs\n",
            "attrs six",
        ),
        (FLASK, FLASK + "six==1 --hash=sha256:cc\n", "six"),
        (FLASK, "flask==3.1.3 --hash=sha256:bb --hash=sha256:aa\n", ""),
        (FLASK, "flask==3.1.3 --hash=sha256:cc\n", "flask"),
        (FLASK, "flask == 3.1.3 --hash=sha256:cc\n", "flask"),
        (FLASK, "flask==3.1.3 ; python_version > '3' --hash=sha256:cc\n", "flask"),
        ("flask==3.1.3\n", FLASK, "flask"),
        ("six==1 ; a\nsix==2 ; b\n", "six==2 ; b\nsix==1 ; a\n", ""),
        ("six==1 ; a\nsix==2 ; b\n", "six==1 ; a\nsix==3 ; b\n", "six"),
        ("x @ https://one/x.whl\n", "flask\n", "flask x"),
    ],
)
def test_what_two_lists_say_the_same_of_comes_along(before: str, after: str, names: str) -> None:
    assert not_taken_over(of(before), of(after)) == set(names.split())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("flask\n", "--index-url https://two/simple\nflask\n"),
        ("--index-url https://one/simple\nflask\n", "--index-url https://two/simple\nflask\n"),
        ("--extra-index-url=https://one\nflask\n", "flask\n"),
        ("flask\n", "--pre\nflask\n"),
        ("--find-links one\n--find-links two\n", "--find-links two\n--find-links one\n"),
        ("flask\n", "flask\n--find-links wheels\n"),
        ("flask\n", "flask\n--no-binary :all:\n"),
        ("flask\n", "flask\nx @ https://one/x.whl\n"),
        ("flask\n", "https://one/x.whl\n"),
        ("flask\n", "flask\nx-1-py3-none-any.whl\n"),
        ("x@git+ssh://git@one/x\n", "x@git+ssh://git@one/x\n"),
    ],
)
def test_nothing_comes_along_where_a_name_may_mean_another_file(before: str, after: str) -> None:
    assert not_taken_over(of(before), of(after)) is None


@pytest.mark.parametrize(
    "other",
    [
        {"python": "/usr/bin/python3.11 3.11.3"},
        {"uv": "/opt/2/uv"},
        {"options": {"uv.toml": "no-binary = true\n"}},
        {"options": {"uv.toml": "", "groups": "jobs"}},
    ],
)
def test_another_python_uv_or_setting_begins_afresh(other: dict[str, object]) -> None:
    assert not_taken_over(SEED, SEED) == set()

    assert not_taken_over(SEED, replace(SEED, **other)) is None  # type: ignore[arg-type]


def test_options_count_in_whatever_file_they_are() -> None:
    plain, other = of("-r b\nflask\n", b="six\n"), of("-r b\nflask\n", b="--pre\nsix\n")

    assert not_taken_over(plain, other) is None


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
