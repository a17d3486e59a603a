"""What an object is and where its history ends, told from its own file or by git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pushdeploy.system.git_object import has_whole_history, is_child_of, kind_of
from pushdeploy.system.git_program import Git


@pytest.fixture
def commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two commits of the repo in which the test runs, each in a file of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / ".git" / "objects"))
    git("init", "--quiet")
    for message in ("first", "second"):
        git("commit", "--quiet", "--allow-empty", f"--message={message}")
    return git("rev-list", "--reverse", "HEAD").split()


def git(*words: str) -> str:
    """Run git as somebody."""
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    return subprocess.run(["git", *who, *words], capture_output=True, text=True, check=True).stdout


def test_a_parent_is_read_from_the_commits_own_file(commits: list[str]) -> None:
    first, second = commits

    assert kind_of(Git(), second) == "commit"
    assert is_child_of(second, first)
    assert not is_child_of(first, second)
    assert not is_child_of("0" * 40, first)


def test_a_history_that_ends_too_early_is_not_whole(commits: list[str]) -> None:
    first, second = commits
    git("update-ref", "-d", "refs/heads/master")
    git("update-ref", "-d", "refs/heads/main")

    assert has_whole_history(Git(), second)
    Path(".git", "objects", first[:2], first[2:]).unlink()
    assert not has_whole_history(Git(), second)
