"""A storage folder lies inside the tree, and no folder lies inside another."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.storage import (
    MOST_FOLDERS,
    parse_new_folder,
    parse_storage_folder,
    storage_set,
)


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("instance/", "instance"),
        ("instance", "instance"),
        ("media/uploads/", "media/uploads"),
        ("_data", "_data"),
        ("v1.0-x", "v1.0-x"),
    ],
)
def test_a_folder_of_the_tree_is_accepted(text: str, folder: str) -> None:
    assert parse_storage_folder(text) == folder


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is the whole repository"),
        ("/", "is the whole repository"),
        (".", "is the whole repository"),
        ("./", "is the whole repository"),
        ("/srv", "is not relative"),
        ("..", "contains `..`"),
        ("a/../b", "contains `..`"),
        ("./a", "contains `.`"),
        ("a//b", "has the part ``"),
        ("a//", "has the part ``"),
        (".git", "has the part `.git`"),
        (".git/hooks", "has the part `.git`"),
        ("a/.git", "has the part `.git`"),
        ("-rf", "has the part `-rf`"),
        ("a b", "has the part `a b`"),
        ("a\nb", "has the part `a\\nb`"),
        ("a\n", "has the part `a\\n`"),
        ("a;b", "has the part"),
        ("a%n", "has the part"),
        ("é", "has the part"),
        ("~", "has the part"),
        ("a\\b", "has the part"),
        ("a" * 101, "a name of 101 characters"),
        ("a/" * 101 + "a", "has 203 characters"),
    ],
)
def test_another_path_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        parse_storage_folder(text)

    assert complaint in refusal.value.message
    assert "\n" not in refusal.value.message


@given(st.text(alphabet="a./_-~\\\n "))
def test_an_accepted_folder_is_normal_and_inside_the_tree(text: str) -> None:
    try:
        folder = parse_storage_folder(text)
    except RefusedInputError:
        return

    assert posixpath.normpath(folder) == folder
    assert folder[0] not in "/."


def test_a_set_is_sorted_and_holds_each_folder_once() -> None:
    assert storage_set(["media", "instance/", "media/"]) == ("instance", "media")


@pytest.mark.parametrize(
    ("folders", "complaint"),
    [
        (["a", "a/b"], "`a/b` lies inside `a`"),
        (["a/b/c", "a-x", "a"], "`a/b/c` lies inside `a`"),
        (["media", "Media"], "`Media` and `media` differ only in case"),
        ([f"f{number}" for number in range(21)], "there are 21 storage folders; the maximum is 20"),
    ],
)
def test_folders_that_cannot_stand_together_are_refused(folders: list[str], complaint: str) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        storage_set(folders)

    assert complaint in refusal.value.message


def test_folders_with_a_common_beginning_stand_together() -> None:
    assert storage_set(["a", "ab", "a-b/c"]) == ("a", "a-b/c", "ab")


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("db.sqlite3", "instance/db.sqlite3, then: pushdeploy storage:add instance/"),
        ("db.sqlite3/", "instance/db.sqlite3, then: pushdeploy storage:add instance/"),
        ("data/App.DB", "data/App.DB, then: pushdeploy storage:add data/"),
        ("data/x.sqlite-wal", "data/x.sqlite-wal, then: pushdeploy storage:add data/"),
        ("visits.txt", "or if it is a folder: pushdeploy storage:add visits.txt/"),
        ("a/b/settings.json", "a/b/settings.json, then: pushdeploy storage:add a/b/"),
        ("app.log", "instance/app.log"),
    ],
)
def test_a_file_is_no_storage_and_the_folder_to_use_is_named(text: str, used: str) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        parse_new_folder(text)

    assert "looks like a file" in refusal.value.message
    assert used in (refusal.value.hint or "")


@pytest.mark.parametrize(
    "text", ["instance", "instance/", "v1.0-x", "v1.2", "my.data/", "db", "sqlite", "uploads.2024"]
)
def test_a_folder_with_any_name_is_storage(text: str) -> None:
    assert parse_new_folder(text) == text.removesuffix("/")


def test_what_was_added_before_as_a_file_s_name_stays() -> None:
    assert storage_set(["db.sqlite3"]) == ("db.sqlite3",)


def test_the_hint_names_the_app_wherever_one_is_known() -> None:
    with pytest.raises(RefusedInputError) as refused:
        parse_new_folder("visits.txt", "blog")

    assert refused.value.hint == (
        "have the app use instance/visits.txt, then: pushdeploy storage:add instance/ --app blog, "
        "or if it is a folder: pushdeploy storage:add visits.txt/ --app blog"
    )


def test_as_many_folders_stand_together_as_are_allowed_and_no_more() -> None:
    folders = [f"folder{number:03}" for number in range(MOST_FOLDERS)]

    assert storage_set(folders) == tuple(folders)
    with pytest.raises(RefusedInputError, match=f"the maximum is {MOST_FOLDERS}"):
        storage_set([*folders, "another"])
