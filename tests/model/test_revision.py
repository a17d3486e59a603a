"""A revision names one commit of the server's repo; everything else is refused in a sentence."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import UsageError
from pushdeploy.model.revision import LONGEST_REVISION, parse_revision


@pytest.mark.parametrize(
    "text",
    [
        *("main", "release/2026", "v1.2", "HEAD", "@", "refs/tags/v1", "6ccb3b11", "a" * 40),
        *("HEAD~", "HEAD~3", "main^", "main^^2~4", "v1^{}", "v1^{commit}", "fix@home", "späti"),
    ],
)
def test_what_names_a_commit_is_left_to_git(text: str) -> None:
    assert parse_revision(text, "blog") == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "names nothing"),
        ("HEAD@{1}", "is known only to your own checkout"),
        ("@{u}", "is known only to your own checkout"),
        ("@{-1}", "is known only to your own checkout"),
        ("main@{yesterday}", "is known only to your own checkout"),
        ("..", "is a range, and one commit is deployed"),
        ("main..topic", "is a range, and one commit is deployed"),
        ("main...topic", "is a range, and one commit is deployed"),
        (":/fix the bug", "is a search, and may find another commit tomorrow"),
        ("main^{/fix}", "is a search, and may find another commit tomorrow"),
        ("main^{tree}", "is not a commit"),
        ("main^{blob}", "is not a commit"),
        ("main:app.py", "is a file of a commit, and a whole commit is deployed"),
        (":0:app.py", "is a file of a commit, and a whole commit is deployed"),
        ("^main", "is not a branch, a tag or a commit"),
        ("-d", "is not a branch, a tag or a commit"),
        ("--all", "is not a branch, a tag or a commit"),
        ("*", "is not a branch, a tag or a commit"),
        ("my branch", "is not a branch, a tag or a commit"),
        ("main\n", "is not a branch, a tag or a commit"),
        ("main^@", "is not a branch, a tag or a commit"),
        ("main^!", "is not a branch, a tag or a commit"),
        ("x" * (LONGEST_REVISION + 1), f"has more than {LONGEST_REVISION} characters"),
    ],
)
def test_any_other_word_of_git_is_refused_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_revision(text, "blog")

    assert refused.value.message.endswith(f"` {why}")
    assert "\n" not in refused.value.message


def test_what_a_checkout_knows_is_looked_up_there() -> None:
    with pytest.raises(UsageError) as refused:
        parse_revision("HEAD@{1}", "blog")

    assert refused.value.hint == (
        "in your checkout, `git rev-parse 'HEAD@{1}'` prints the id to deploy"
    )


@given(st.text())
def test_no_text_makes_it_stumble(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert parse_revision(text, "blog") == text
