"""A release's record is read as it was written, and a name is a number."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.health import DEFAULT_CHECK, HealthCheck
from pushdeploy.model.procfile import ProcessLine, Procfile
from pushdeploy.model.release import (
    Binding,
    Commit,
    Kind,
    Release,
    parse_release,
    parse_release_name,
    render_release,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)

CHECKS = st.builds(
    HealthCheck,
    path=TEXT,
    attempts=st.integers(1, 9),
    timeout=st.floats(0, 99),
    content=st.none() | TEXT,
    http_headers=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
    explicit=st.booleans(),
)

RELEASES = st.builds(
    Release,
    app=TEXT,
    number=st.integers(1, 10**8),
    kind=st.sampled_from(Kind),
    description=TEXT,
    who=TEXT,
    at=st.floats(0, 1e10),
    commit=st.builds(Commit, TEXT, TEXT, TEXT),
    slug=TEXT,
    venv=TEXT,
    python=TEXT,
    procfile=st.lists(st.builds(ProcessLine, TEXT, TEXT, st.integers(1, 99)), max_size=3).map(
        lambda lines: Procfile(tuple(lines))
    ),
    binding=st.sampled_from(Binding),
    checks=st.lists(CHECKS, min_size=1, max_size=2).map(tuple),
)

ONE = Release(
    app="blog",
    number=12,
    kind=Kind.DEPLOY,
    description="Deploy aaaaaaaa",
    who="ada",
    at=1.5,
    commit=Commit("a" * 40, "Subject", "Ada"),
    slug="b" * 24,
    venv="c" * 24,
    python="3.11.2",
    procfile=Procfile((ProcessLine("web", "gunicorn app:app", 1),)),
    binding=Binding.SOCKET,
    checks=(DEFAULT_CHECK,),
)


@given(RELEASES)
def test_a_record_is_read_as_it_was_written(release: Release) -> None:
    assert parse_release(render_release(release)) == release


@pytest.mark.parametrize(
    "missing",
    sorted(
        set(json.loads(render_release(ONE)))
        - {"interpreter", "storage", "settings", "source", "begun", "steps", "static", "cron"}
        - {"backup_pre", "backup_post"}
    ),
)
def test_a_record_that_lacks_something_is_refused(missing: str) -> None:
    record = json.loads(render_release(ONE))
    del record[missing]

    with pytest.raises(RefusedInputError, match="release record can't be read"):
        parse_release(json.dumps(record))


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "7", "null", '"x"', "\0"),
        render_release(ONE).replace('"deploy"', '"magic"'),
        render_release(ONE).replace('"lines": [', '"lines": [7, '),
        render_release(ONE).replace('"checks": [', '"checks": [7, '),
        render_release(ONE).replace('"subject"', '"theme"'),
    ],
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(RefusedInputError):
        parse_release(text)


def test_a_release_and_a_commit_have_short_names() -> None:
    assert ONE.name == "v12"
    assert ONE.commit.short == "aaaaaaaa"


@pytest.mark.parametrize(("text", "number"), [("v1", 1), ("12", 12), ("v999999999", 999_999_999)])
def test_a_releases_name_is_its_number(text: str, number: int) -> None:
    assert parse_release_name(text) == number


@pytest.mark.parametrize(
    "text", ["", "v", "v0", "0", "v01", "-1", "V1", "v1.2", "v1\n", "v1 ", "v१", "v9999999999"]
)
def test_another_text_is_no_releases_name(text: str) -> None:
    with pytest.raises(UsageError, match="is not a release"):
        parse_release_name(text)
