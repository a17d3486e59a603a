"""A lock that a killed git has left goes; one that a git holds, or may hold, stays."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import UnavailableError
from pushdeploy.system.command import PIPE, Command, start
from pushdeploy.system.git_locks import writing

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCKS = ["HEAD.lock", "config.lock", "packed-refs.lock", "refs/heads/main.lock"]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A bare repo in which a git was killed at the worst of moments, several times."""
    path = tmp_path / "repo.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    (path / "refs/heads/main").write_text(f"{'1' * 40}\n")
    for lock in LOCKS:
        (path / lock).touch()
    return path


def locks(repo: Path) -> list[str]:
    """The locks that are there."""
    return sorted(str(path.relative_to(repo)) for path in repo.rglob("*.lock"))


@contextmanager
def waiting(*words: str, folder: Path, pass_fds: tuple[int, ...] = ()) -> Iterator[None]:
    """A program that has begun, and goes on until the block ends."""
    program = start(Command(words, folder=folder, pass_fds=pass_fds), stdin=PIPE, stdout=PIPE)
    assert program.stdin
    assert program.stdout
    program.stdin.write(b"HEAD\n")
    program.stdin.flush()
    program.stdout.readline()
    yield
    program.communicate()


def test_locks_of_killed_gits_are_deleted_and_nothing_else(repo: Path) -> None:
    before = {path for path in repo.rglob("*") if path.suffix != ".lock"}

    with writing(repo):
        assert locks(repo) == []

    assert set(repo.rglob("*")) == before


def test_the_locks_of_a_push_that_is_under_way_stay(repo: Path) -> None:
    with writing(repo):
        (repo / "HEAD.lock").touch()

        with writing(repo):
            assert locks(repo) == ["HEAD.lock"]


def test_the_locks_of_a_git_whose_wrapper_was_killed_stay(repo: Path) -> None:
    with ExitStack() as killed_later:
        with writing(repo) as descriptor:
            inherits = waiting("cat", folder=Path("/"), pass_fds=(descriptor,))
            killed_later.enter_context(inherits)
        (repo / "HEAD.lock").touch()

        with writing(repo):
            assert locks(repo) == ["HEAD.lock"]

    with writing(repo):
        assert locks(repo) == []


@pytest.mark.parametrize("option", ["-C", "--git-dir"])
def test_the_locks_of_a_git_that_a_person_has_started_stay(repo: Path, option: str) -> None:
    line = ("git", option, str(repo), "cat-file", "--batch-check")

    with waiting(*line, folder=Path("/")), writing(repo):
        assert locks(repo) == sorted(LOCKS)


def test_the_locks_of_a_git_that_was_started_in_the_repo_stay(repo: Path) -> None:
    with waiting("git", "cat-file", "--batch-check", folder=repo), writing(repo):
        assert locks(repo) == sorted(LOCKS)


def test_a_git_in_another_repo_keeps_no_lock_here(repo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(other)], check=True)

    with waiting("git", "cat-file", "--batch-check", folder=other), writing(repo):
        assert locks(repo) == []


def test_what_is_no_repo_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="is not a git repo"), writing(tmp_path / "no.git"):
        pass
