"""A branch's name is taken from a ref, and one to deploy is strict."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushdeploy.errors import UsageError
from pushdeploy.model.refname import (
    branch_of,
    is_deployable_first_branch,
    parse_branch_name,
    push_command,
)


@pytest.mark.parametrize(
    ("branch", "typed"),
    [("release/2026", "git push production release/2026"), ("", "git push production main")],
)
def test_a_push_names_the_app_s_own_branch(branch: str, typed: str) -> None:
    assert push_command(branch) == typed


@pytest.mark.parametrize(
    ("ref", "branch"),
    [
        ("refs/heads/main", "main"),
        ("refs/heads/topic/a", "topic/a"),
        ("refs/heads/refs/heads/x", "refs/heads/x"),
        ("refs/heads/", None),
        ("refs/tags/v1", None),
        ("refs/notes/refs/heads/x", None),
        ("HEAD", None),
        ("main", None),
        ("", None),
    ],
)
def test_only_a_head_is_a_branch(ref: str, branch: str | None) -> None:
    assert branch_of(ref) == branch


@pytest.mark.parametrize(
    ("name", "deployable"),
    [("main", True), ("master", True), ("Main", False), ("develop", False), ("main/a", False)],
)
def test_a_first_push_deploys_main_or_master(name: str, deployable: bool) -> None:  # noqa: FBT001
    assert is_deployable_first_branch(name) is deployable


@pytest.mark.parametrize(
    "name", ["main", "release/2026", "v1.0", "a-b_c", "fix#12", "a@b", "HEAD2"]
)
def test_a_plain_name_is_accepted(name: str) -> None:
    assert parse_branch_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "HEAD",
        "-d",
        "--upload-pack=x",
        "a/-b",
        ".a",
        "a/.b",
        "a..b",
        "a.",
        "a.lock",
        "a.lock/b",
        "a/",
        "/a",
        "a//b",
        "a b",
        "a\n",
        "a\x1b",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[b",
        "a\\b",
        "@",
        "a@{1}",
        "é",
        "a;b",
        "$(a)",
        "a" * 201,
    ],
)
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="can't be a deploy branch") as refusal:
        parse_branch_name(name)

    assert refusal.value.message.isprintable()


@settings(max_examples=50, deadline=None)
@given(st.from_regex(r"[a-z@._#/+{}-]{1,12}", fullmatch=True))
def test_git_accepts_every_accepted_name(name: str) -> None:
    try:
        parse_branch_name(name)
    except UsageError:
        return

    subprocess.run(["git", "check-ref-format", "--branch", name], check=True, capture_output=True)
