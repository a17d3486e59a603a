"""What a checkout says is read as it was said, and believed in nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.release import Commit
from pushdeploy.model.tree import SUBJECT_LIMIT, Tree, parse_tree, render_tree

TREE = Tree(
    commit=Commit("a" * 40, "Subject", "Ada"),
    slug="b" * 24,
    tree="c" * 40,
    reused=False,
    procfile="web: gunicorn app:app\n",
    app_json="",
    python_version="3.13",
    requirements={"requirements.txt": "flask\n"},
    local=False,
    storage=("instance",),
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(TEXT, TEXT, st.dictionaries(TEXT, TEXT, max_size=3))
def test_a_tree_is_read_as_it_was_written(
    procfile: str, app_json: str, requirements: dict[str, str]
) -> None:
    tree = replace(TREE, procfile=procfile, app_json=app_json, requirements=requirements)

    assert parse_tree(render_tree(tree)) == tree


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "../../../etc"),
        ("slug", "B" * 24),
        ("slug", ""),
        ("slug", None),
        ("slug", "b" * 24 + "\n"),
        ("tree", "xyz"),
        ("commit", {"id": "HEAD", "subject": "", "author": ""}),
        ("commit", 7),
        ("requirements", ["flask"]),
        ("storage", 7),
    ],
)
def test_what_no_checkout_says_is_refused(field: str, value: object) -> None:
    record = {**json.loads(render_tree(TREE)), field: value}

    with pytest.raises(RefusedInputError, match="the checkout's answer can't be read"):
        parse_tree(json.dumps(record))


@pytest.mark.parametrize("field", sorted({*json.loads(render_tree(TREE))} - {"begun"}))
def test_a_tree_that_lacks_something_is_refused(field: str) -> None:
    record = json.loads(render_tree(TREE))
    del record[field]

    with pytest.raises(RefusedInputError):
        parse_tree(json.dumps(record))


@pytest.mark.parametrize("folder", ["../../etc", "/etc", "a/../b", ".git", "a\nb", ""])
def test_storage_outside_of_the_tree_is_refused(folder: str) -> None:
    with pytest.raises(RefusedInputError):
        parse_tree(render_tree(replace(TREE, storage=(folder,))))


def test_a_subject_cannot_act_on_a_terminal_or_fill_a_screen() -> None:
    hostile = Commit("a" * 40, "\x1b[31mred\n" + "x" * 1000, "Eve\x07\x9b")

    commit = parse_tree(render_tree(replace(TREE, commit=hostile))).commit

    assert commit.subject.startswith("\ufffd[31mred\ufffdxxx")
    assert len(commit.subject) == SUBJECT_LIMIT
    assert commit.author == "Eve\ufffd\ufffd"
