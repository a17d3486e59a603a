"""Build steps: which a tree has, what they say to us, and what nginx may serve of it."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.build_step import (
    HOOKS,
    BuildFiles,
    parse_build_files,
    wanted_steps,
)
from pushdeploy.model.static_mount import StaticMount
from pushdeploy.model.step_said import (
    MARK,
    Begun,
    Collected,
    NothingToCollect,
    collected_mount,
    said,
)

CODE = "/var/lib/pushdeploy/apps/blog/slugs/abc"
NONE = asdict(BuildFiles())
ALL = BuildFiles(HOOKS, "web/manage.py")


def shown(files: BuildFiles, *commands: str, django: bool = True, **environment: str) -> list[str]:
    """The steps as people see them."""
    steps = wanted_steps(
        files,
        commands,
        "make last",
        environment,
        django=django,
        python="/venv/bin/python",
        collector="/c.py",
    )
    assert steps[-1].shown == "make last"
    return [step.shown for step in steps[:-1]]


def test_the_steps_come_in_herokus_order() -> None:
    assert shown(ALL, "make css") == [
        "make css",
        "python web/manage.py collectstatic --noinput",
        "bin/post_compile",
    ]


def test_a_tree_without_any_of_it_has_no_step() -> None:
    assert shown(BuildFiles()) == []


def test_collectstatic_needs_django_and_can_be_turned_off_by_any_value() -> None:
    only = BuildFiles(manage="manage.py")

    assert shown(only, django=False) == []
    assert shown(only, DISABLE_COLLECTSTATIC="0") == []
    assert shown(only, DISABLE_COLLECTSTATIC="") != []


@pytest.mark.parametrize(
    "manage", ["a/b/c/manage.py", "/manage.py", "../manage.py", "a/../manage.py", "manage.py\n"]
)
def test_a_manage_py_elsewhere_is_not_taken_from_the_checkout(manage: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        parse_build_files({**NONE, "manage": manage})


def test_only_known_hooks_are_taken_from_the_checkout() -> None:
    found = parse_build_files({**NONE, "hooks": ["bin/post_compile", "bin/evil"]})

    assert found == BuildFiles(("bin/post_compile",))


@pytest.mark.parametrize(
    ("record", "meant"),
    [
        ({"begun": 2}, Begun(2)),
        ({"static": ["/static/", "/x"]}, Collected("/static/", "/x")),
        ({"absent": True}, NothingToCollect()),
        ({"static": 1}, None),
        ({"begun": "x"}, None),
        ([], None),
    ],
)
def test_what_a_step_says_to_us_is_parsed(record: object, meant: object) -> None:
    assert said(MARK + json.dumps(record)) == meant


@given(st.text())
def test_whatever_a_step_prints_is_understood_or_not(text: str) -> None:
    said(MARK + text)
    assert said(f"x{text}") is None


@pytest.mark.parametrize(
    ("url", "root", "mount"),
    [
        ("/static/", f"{CODE}/staticfiles", StaticMount("/static", "staticfiles")),
        ("/static/", "staticfiles", StaticMount("/static", "staticfiles")),
        ("/a/b/", f"{CODE}/x/../dist/y", StaticMount("/a/b", "dist/y")),
        ("https://cdn.example.com/", f"{CODE}/staticfiles", None),
        ("/static/", "", None),
        ("/", f"{CODE}/staticfiles", None),
        ("/static/", f"{CODE}/.hidden", None),
        ("/static/; root /etc", f"{CODE}/staticfiles", None),
    ],
)
def test_nginx_serves_what_lies_in_the_code(url: str, root: str, mount: StaticMount | None) -> None:
    assert collected_mount(Collected(url, root), CODE) == mount


@pytest.mark.parametrize(
    "root", ["/var/www/static", CODE, f"{CODE}/", f"{CODE}/..", f"{CODE}x/static", "../other"]
)
def test_a_static_root_that_is_not_a_folder_in_the_code_is_refused(root: str) -> None:
    with pytest.raises(RefusedInputError, match="not a folder in the code"):
        collected_mount(Collected("/static/", root), CODE)
