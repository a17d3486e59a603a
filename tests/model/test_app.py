"""App names are strict, and the server's names made from them never collide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import UsageError
from pushdeploy.model.app import app_user, build_user, parse_app_name, unit_prefix

NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,27}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize("name", ["a", "blog", "my-blog", "a1", "a--b", "fronts", "a" * 29])
def test_a_name_of_the_grammar_is_accepted(name: str) -> None:
    assert parse_app_name(name) == name


@pytest.mark.parametrize(
    ("name", "complaint", "suggestion"),
    [
        ("", "the app's name is empty", "blog"),
        ("Blog", "only a-z, 0-9 and `-`", "blog"),
        ("my_blog", "only a-z, 0-9 and `-`", "my-blog"),
        ("blog\n", "only a-z, 0-9 and `-`", "blog"),
        ("../etc", "only a-z, 0-9 and `-`", "etc"),
        ("blög", "only a-z, 0-9 and `-`", "bl-g"),
        ("\u0661", "only a-z, 0-9 and `-`", "blog"),
        ("a;b", "only a-z, 0-9 and `-`", "a-b"),
        ("blog-", "may not end with `-`", "blog"),
        ("-blog", "must begin with a letter", "blog"),
        ("1blog", "must begin with a letter", "blog"),
        ("front", "its user would be the one that all fronts run as", "front-app"),
        ("Front", "only a-z, 0-9 and `-`", "front-app"),
        ("supervisord", "its folder would be supervisord's own", "supervisord-app"),
        ("a" * 30, "it has 30 characters, the maximum is 29", "a" * 29),
    ],
)
def test_another_name_is_refused_with_a_close_one(
    name: str, complaint: str, suggestion: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_app_name(name)

    assert complaint in refusal.value.message
    assert f"`{suggestion}`" in str(refusal.value.hint)


@given(st.text())
def test_every_suggestion_is_a_name(text: str) -> None:
    try:
        parse_app_name(text)
    except UsageError as refusal:
        suggestion = str(refusal.hint).split("`")[1]
        assert parse_app_name(suggestion) == suggestion


@given(NAMES, NAMES)
def test_two_apps_never_share_a_unit_prefix(one: str, other: str) -> None:
    assert (unit_prefix(one) == unit_prefix(other)) == (one == other)


@given(NAMES)
def test_users_fit_the_system_limit_of_32_characters(name: str) -> None:
    assert max(len(app_user(name)), len(build_user(name))) <= 32


def test_the_names_on_the_server_are_made_from_the_app() -> None:
    assert unit_prefix("my-blog") == "pushdeploy-my_blog"
    assert app_user("my-blog") == "pd-my-blog"
    assert build_user("my-blog") == "pb-my-blog"
