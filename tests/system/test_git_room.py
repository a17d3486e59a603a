"""A repo loses what is old and named by nobody, and nothing else; whenever it is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import BusyError
from pushdeploy.system.git_locks import MARK, alone, collecting, writing
from pushdeploy.system.git_room import AGE_SECONDS, Room, collect, look
from tests.deploy.repo import Repo, make_repo

if TYPE_CHECKING:
    from pathlib import Path

DAY = 24 * 3600.0
HUGE = 3 << 20


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A bare repo with nothing in it."""
    return make_repo(tmp_path / "repo.git")


def commit_noise(repo: Repo, name: str, size: int = HUGE) -> str:
    """A commit with a file that can't be made smaller."""
    return repo.commit({"noise": random.Random(name).randbytes(size)})  # noqa: S311


def amend(repo: Repo, count: int) -> list[str]:
    """Commits of which only the last one is on the branch."""
    made = []
    for number in range(count):
        if repo.git("for-each-ref", "refs/heads/main"):
            repo.git("update-ref", "-d", "refs/heads/main")
        made.append(commit_noise(repo, f"{number}"))
    return made


def age(repo: Repo, seconds: float = 2 * DAY) -> None:
    """Make all objects older."""
    then = time.time() - seconds
    for path in (repo.path / "objects").rglob("*"):
        os.utime(path, (then, then))


def has(repo: Repo, commit: str) -> bool:
    """True when the commit and all that it names is there."""
    line = ["git", "-C", str(repo.path), "rev-list", "--objects", commit]
    return subprocess.run(line, capture_output=True, check=False).returncode == 0


def test_what_was_amended_away_goes_when_it_is_old_and_not_before(repo: Repo) -> None:
    *old, last = amend(repo, 4)

    collect(repo.path, {})
    assert all(has(repo, one) for one in [*old, last])
    age(repo)
    collect(repo.path, {})

    assert [has(repo, one) for one in [*old, last]] == [False, False, False, True]
    assert look(repo.path).bytes < 1.2 * HUGE
    assert look(repo.path).packs == 1


def test_the_commits_of_retained_releases_stay_and_go_with_them(repo: Repo) -> None:
    first, second, _ = amend(repo, 3)
    kept = {"v1": first, "v2": second, "v3": "1" * 40}
    age(repo)

    collect(repo.path, kept)
    assert has(repo, first)
    assert has(repo, second)
    age(repo)
    collect(repo.path, {"v2": second})

    assert not has(repo, first)
    assert has(repo, second)
    assert repo.git("for-each-ref", "--format=%(refname)", "refs/pushdeploy/") == (
        "refs/pushdeploy/v2"
    )


def test_a_reflog_keeps_nothing(repo: Repo) -> None:
    repo.git("config", "core.logAllRefUpdates", "true")
    first = commit_noise(repo, "first")
    repo.git(
        "update-ref", "refs/heads/main", repo.git("commit-tree", "-m", "x", f"{first}^{{tree}}")
    )
    age(repo)

    collect(repo.path, {})

    assert not has(repo, first)


def test_packs_of_large_pushes_become_one_and_lose_what_is_old(repo: Repo) -> None:
    old, new = amend(repo, 2)
    for one in (old, new):
        pack = repo.path / "objects/pack/pack"
        repo.git("pack-objects", str(pack), stdin=repo.git("rev-list", "--objects", one).encode())
    repo.git("prune-packed")
    age(repo)

    collect(repo.path, {})

    assert (has(repo, old), has(repo, new)) == (False, True)
    assert (look(repo.path).packs, look(repo.path).loose) == (1, 0)


LEFT = ["tmp_objdir-incoming-abc/pack/tmp_pack_1", "pack/tmp_pack_2", "pack/.tmp-7-pack-x.pack"]


def test_what_a_killed_push_left_goes_with_the_next_one(repo: Repo) -> None:
    for name in LEFT:
        (repo.path / "objects" / name).parent.mkdir(exist_ok=True, parents=True)
        (repo.path / "objects" / name).write_text("x")

    with writing(repo.path):
        left = [name for name in LEFT if (repo.path / "objects" / name).exists()]

    assert left == []


def test_what_a_push_that_goes_on_receives_stays(repo: Repo) -> None:
    with writing(repo.path):
        for name in LEFT:
            (repo.path / "objects" / name).parent.mkdir(exist_ok=True, parents=True)
            (repo.path / "objects" / name).write_text("x")
        with writing(repo.path):
            collect(repo.path, {})
        assert all((repo.path / "objects" / name).exists() for name in LEFT)
        with pytest.raises(BusyError), alone(repo.path):
            pass


def test_a_push_during_a_collection_deletes_locks_and_leaves_its_files(repo: Repo) -> None:
    commit_noise(repo, "one", 10)
    lock, pack = repo.path / "refs/heads/main.lock", repo.path / "objects/pack/tmp_pack_1"

    with collecting(repo.path):
        lock.touch()
        pack.touch()
        with writing(repo.path):
            left = (lock.exists(), pack.exists())
        with pytest.raises(BusyError, match="being packed"):
            collect(repo.path, {})

    assert left == (False, True)


def test_who_has_the_repo_alone_deletes_what_is_young_too(repo: Repo) -> None:
    old, new = amend(repo, 2)

    with alone(repo.path):
        collect(repo.path, {}, age=0)

    assert (has(repo, old), has(repo, new)) == (False, True)


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
def test_a_collection_that_is_killed_loses_nothing_and_is_taken_up(
    repo: Repo, after: float
) -> None:
    old, new = amend(repo, 2)
    age(repo)
    program = (
        "import pathlib\nfrom pushdeploy.system.git_room import collect\n"
        f"print(flush=True); collect(pathlib.Path({str(repo.path)!r}), {{'v1': {new!r}}})"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True
    )
    assert child.stdout
    child.stdout.readline()
    time.sleep(after)
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()

    with writing(repo.path):  # the next push
        assert has(repo, new)
        repo.git("update-ref", "refs/heads/main", new)
    assert repo.git("fsck", "--connectivity-only", "refs/heads/main").count("missing") == 0
    collect_when_free(repo, new)
    assert (has(repo, old), has(repo, new)) == (False, True)


def collect_when_free(repo: Repo, kept: str) -> None:
    """Collect once the last process of one that was killed has ended; git's own die after it."""
    for _ in range(500):
        with suppress(BusyError):
            collect(repo.path, {"v1": kept})
            return
        time.sleep(0.02)
    raise AssertionError("the killed collection still holds the repo")


NOW = 100 * DAY


@pytest.mark.parametrize(
    ("room", "due"),
    [
        (Room(), False),
        (Room(loose=10, oldest_loose=NOW - DAY / 2), False),
        (Room(loose=1, oldest_loose=NOW - 2 * DAY), True),
        (Room(loose=1, oldest_loose=NOW - 2 * DAY, collected=NOW - 3600), False),
        (Room(loose=5000, oldest_loose=NOW - 60), True),
        (Room(loose=5000, oldest_loose=NOW - 60, collected=NOW - DAY / 2), False),
        (Room(loose=4, loose_bytes=160 << 20, oldest_loose=NOW - 60), True),
        (Room(packs=1, newest_pack=NOW - 9 * DAY), False),
        (Room(packs=2, newest_pack=NOW - 2 * DAY), True),
        (Room(packs=2, newest_pack=NOW - 60), False),
        (Room(packs=20, newest_pack=NOW - 60), True),
    ],
)
def test_a_collection_is_due(room: Room, due: bool) -> None:  # noqa: FBT001
    assert room.is_due(NOW) is due


def test_looking_follows_no_link(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/x.pack").write_bytes(b"x" * 10_000)
    (repo.path / "objects/pack").rmdir()
    (repo.path / "objects/pack").symlink_to(tmp_path / "elsewhere")
    (repo.path / "objects/aa").symlink_to(tmp_path / "elsewhere")
    (repo.path / MARK).symlink_to("/etc/passwd")

    room = look(repo.path)

    assert (room.packs, room.loose) == (0, 0)


def test_an_age_is_longer_than_any_push() -> None:
    assert AGE_SECONDS >= DAY
