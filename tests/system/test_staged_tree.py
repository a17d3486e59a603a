"""Staging for a backup: second names for files, copies for databases, no link followed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from pushdeploy.system.staged_tree import LONGEST, Copying, Staged, stage

if TYPE_CHECKING:
    from pathlib import Path

COPIER = "import sys; from pushdeploy.system.sqlite_copies import main; sys.exit(main())"


def copy(source: Path, target: Path) -> str:
    """As a job does it."""
    target.mkdir()
    words = [sys.executable, "-c", COPIER, str(source), str(target)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_a_file_gets_a_second_name_and_a_link_stays_a_link(tmp_path: Path) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    (source / "a" / "b").mkdir(parents=True)
    (source / "a" / "b" / "file").write_text("x")
    (source / "a" / "link").symlink_to("/etc")
    staged = Staged()

    stage(source, target, staged)

    assert (target / "a" / "b" / "file").samefile(source / "a" / "b" / "file")
    assert str((target / "a" / "link").readlink()) == "/etc"
    assert (staged.files, staged.size, staged.left) == (1, 1, 0)


def test_a_folder_that_is_too_deep_is_left_out_and_counted(tmp_path: Path) -> None:
    source, deep = tmp_path / "from", tmp_path / "from"
    for _ in range(250):
        deep /= "d"
    deep.mkdir(parents=True)
    staged = Staged()

    stage(source, tmp_path / "to", staged)

    assert staged.left == 1


def test_a_path_that_no_program_could_name_is_left_out_and_counted(tmp_path: Path) -> None:
    source = tmp_path / "from"
    source.mkdir()
    folder = os.open(source, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=folder)
        inside = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inside
    os.close(folder)
    (source / "e").mkdir()
    (source / "e" / "post.txt").write_text("hello")
    staged = Staged()

    stage(source, tmp_path / "to", staged)

    found = [len(str(one)) for one in (tmp_path / "to").rglob("*")]
    assert max(found) - len(str(tmp_path / "to")) <= LONGEST
    assert (tmp_path / "to" / "e" / "post.txt").read_text() == "hello"
    assert (staged.files, staged.left) == (1, 1)
    subprocess.run(["rm", "-rf", str(source)], check=True)


def test_names_that_come_last_come_last(tmp_path: Path) -> None:
    source = tmp_path / "repo.git"
    for name in ("objects", "refs"):
        (source / name).mkdir(parents=True)
    (source / "packed-refs").write_text("")
    taken: list[str] = []

    def noted(name: str) -> bool:
        taken.append(name)
        return False

    stage(source, tmp_path / "to", Staged(), skip=noted, last=("packed-refs", "objects"))

    assert taken == ["refs", "packed-refs", "objects"]


def test_an_open_database_is_copied_whole_and_its_journal_left(tmp_path: Path) -> None:
    source, copies, target = tmp_path / "from", tmp_path / "copies", tmp_path / "to"
    (source / "deep").mkdir(parents=True)
    base = source / "deep" / "base.sqlite3"
    with closing(sqlite3.connect(base, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=wal")
        writer.execute("CREATE TABLE post (n)")
        writer.execute("INSERT INTO post VALUES (1)")
        base.chmod(0o640)

        told = copy(source, copies)
        stage(source, target, Staged(), instead=copies)

    assert told == ""
    assert [one.name for one in (target / "deep").iterdir()] == ["base.sqlite3"]
    copied = target / "deep" / "base.sqlite3"
    assert copied.stat().st_mode & 0o777 == 0o640
    with closing(sqlite3.connect(copied)) as reader:
        assert reader.execute("SELECT n FROM post").fetchall() == [(1,)]


def test_a_broken_database_is_told_and_taken_as_it_is(tmp_path: Path) -> None:
    source, copies, target = tmp_path / "from", tmp_path / "copies", tmp_path / "to"
    source.mkdir()
    (source / "base").write_bytes(b"SQLite format 3\0" + b"x" * 1000)

    told = copy(source, copies)
    stage(source, target, Staged(), instead=copies)

    assert told.startswith(f"{source}/base: ")
    assert (target / "base").samefile(source / "base")


def test_a_file_that_says_it_is_larger_than_the_disk_is_not_copied(tmp_path: Path) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    source.mkdir()
    (source / "small").write_text("x")
    with (source / "huge").open("wb") as file:
        file.truncate(1 << 42)

    stage(source, target, Staged(), copying=Copying())

    assert not (target / "small").samefile(source / "small")
    assert (target / "huge").samefile(source / "huge")
