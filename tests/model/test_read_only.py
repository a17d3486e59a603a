"""What is said to an app that writes where it can't."""

from pathlib import Path

import pytest

from pushdeploy.model.read_only import remedy

SLUGS = Path("/var/lib/pushdeploy/apps/blog/slugs")

ADD = "pushdeploy storage:add"
SHOWN = "pushdeploy storage --app blog shows where it may write; storage:add adds a folder"


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("instance", "pushdeploy storage:add instance/ --app blog"),
        ("media/2026/a.png", "pushdeploy storage:add media/ --app blog"),
        (
            "db.sqlite3",
            f"have the app use instance/db.sqlite3, then: {ADD} instance/ --app blog",
        ),
        ("", SHOWN),
        ("my folder/a", SHOWN),
        ("$(reboot)/a", SHOWN),
    ],
)
def test_the_folder_is_named_where_the_app_named_it(path: str, hint: str) -> None:
    said = f"OSError: [Errno 30] Read-only file system: '{SLUGS}/ab12/{path}'"

    found = remedy(said, SLUGS, "blog")

    assert found is not None
    assert found.hint == hint


def test_a_relative_path_is_one_in_the_code() -> None:
    found = remedy("OSError: [Errno 30] Read-only file system: 'data'", SLUGS, "blog")

    assert found is not None
    assert found.hint == "pushdeploy storage:add data/ --app blog"


def test_a_path_outside_the_code_is_no_storage() -> None:
    said = "OSError: [Errno 30] Read-only file system: '/run/app.pid'"

    found = remedy(said, SLUGS, "blog")

    assert found is not None
    assert "storage:add" not in found.hint
    assert "$HOME" in found.text


def test_sqlite_names_no_path() -> None:
    found = remedy("sqlite3.OperationalError: unable to open database file", SLUGS, "blog")

    assert found is not None
    assert found.hint == SHOWN


def test_other_output_needs_no_remedy() -> None:
    assert remedy("ModuleNotFoundError: No module named 'x'", SLUGS, "blog") is None
