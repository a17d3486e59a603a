"""What a commit brings: every file, and the size of those that the disk does not have yet."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import RefusedInputError, UnavailableError
from pushdeploy.push.pre_receive import check_push
from pushdeploy.system.git import Repository
from pushdeploy.system.git_program import Git
from pushdeploy.system.git_tree import entries, files, too_many
from tests.deploy.repo import LINK, PROGRAM, SUBMODULE, Repo, make_repo

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "Procfile": "web: gunicorn app:app\n",
    "requirements.txt": "gunicorn\n",
    "app.py": "app = 1\n",
    "data/large.bin": "x" * 5000,
    "é ü/with space": "four",
}
ZERO = "0" * 40


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """The repo that the hook runs in."""
    made = make_repo(tmp_path / "repo.git")
    monkeypatch.chdir(made.path)
    return made


def sizes(commit: str, live: str = "") -> dict[str, int]:
    """Path to size."""
    return {one.path: one.size for one in entries(Git(), commit, live)}


def test_without_a_live_commit_every_size_is_told(repo: Repo) -> None:
    commit = repo.commit(FILES)

    assert sizes(commit) == {path: len(text.encode()) for path, text in FILES.items()}


def test_beside_a_live_commit_only_what_changed_needs_room(repo: Repo) -> None:
    live = repo.commit({**FILES, "gone": "gone"})
    changed = {"app.py": "app = 22\n", "new/one": "123", "é ü/with space": "sixsix"}
    commit = repo.commit({**FILES, **changed}, modes={"requirements.txt": PROGRAM})

    found = sizes(commit, live)

    assert found == {
        "Procfile": 0,
        "requirements.txt": 9,
        "app.py": 9,
        "data/large.bin": 0,
        "new/one": 3,
        "é ü/with space": 6,
    }


def test_the_same_tree_needs_no_room(repo: Repo) -> None:
    live = repo.commit(FILES)
    commit = repo.commit(FILES, subject="Again")

    assert set(sizes(commit, live).values()) == {0}


def test_a_live_commit_that_the_repo_does_not_have_counts_for_nothing(repo: Repo) -> None:
    commit = repo.commit(FILES)

    assert sizes(commit, "1" * 40) == sizes(commit)


def test_other_attributes_write_every_file_anew(repo: Repo) -> None:
    live = repo.commit(FILES)
    commit = repo.commit({**FILES, "data/.gitattributes": "*.bin -text\n"})

    assert sizes(commit, live)["data/large.bin"] == 5000


@pytest.mark.parametrize(
    ("files", "modes", "says"),
    [
        ({"vendor": ""}, {"vendor": SUBMODULE}, "is a git repo of its own"),
        ({"static/out": "/etc"}, {"static/out": LINK}, "outside `static/`"),
        ({"Procfile": "/etc/passwd"}, {"Procfile": LINK}, "is a symbolic link"),
        ({"Procfile": "x" * (1 << 21)}, {}, "more than the 1048576 allowed"),
    ],
)
def test_what_is_refused_is_refused_beside_a_live_commit_too(
    files: dict[str, str], modes: dict[str, str], says: str, repo: Repo
) -> None:
    live = repo.commit(FILES)
    commit = repo.commit({**FILES, **files}, modes=modes)

    with pytest.raises(RefusedInputError) as caught:
        check_push(f"{live} {commit} refs/heads/main\n", "main", live)

    assert says in caught.value.message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_root_runs_no_git_in_another_users_repo(repo: Repo) -> None:
    commit = repo.commit(FILES)
    assert set(files(Git(repo.path), commit)) == set(FILES)

    os.chown(repo.path, 65534, 65534)

    with pytest.raises(UnavailableError, match="root runs no git in"):
        Git(repo.path)
    with pytest.raises(UnavailableError, match="root runs no git in"):
        Repository(repo.path)


@pytest.mark.parametrize(
    ("paths", "hint"),
    [
        (["a.py", "data/1", "data/2", "docs/x"], "git rm -r --cached data, if the app does not"),
        (["my data/1", "a.py"], "remove from git what the app does not need"),
        (["a.py"], "remove from git what the app does not need"),
    ],
)
def test_of_too_many_files_the_folder_with_most_is_named(paths: list[str], hint: str) -> None:
    assert (too_many("9 files", paths).hint or "").startswith(hint)
