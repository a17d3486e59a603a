"""Folders that others fill are walked whatever they have put there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pushdeploy.system.open_folders import open_folders
from pushdeploy.system.owned_tree import DEEPEST
from pushdeploy.system.room import taken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Deleted by a program that copes with any depth."""
    made = tmp_path / "shared"
    made.mkdir()
    yield made
    subprocess.run(["rm", "-rf", str(made)], check=True)


def fill(top: Path, depth: int) -> None:
    """Folders in folders, more than a path could name."""
    open_now = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("deeper", dir_fd=open_now)
        inside = os.open("deeper", os.O_RDONLY, dir_fd=open_now)
        os.close(open_now)
        open_now = inside
    os.close(open_now)


def test_each_folder_comes_with_its_path_and_what_is_no_folder(folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "post.txt").write_text("hello")
    (folder / "a" / "link").symlink_to("/etc")

    found = {path: names for path, names, _ in open_folders(folder)}

    assert found == {"": [], "a": ["link"], "a/b": ["post.txt"]}


def test_what_is_not_there_or_a_link_has_none(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")

    assert list(open_folders(tmp_path / "missing")) == []
    assert list(open_folders(tmp_path / "link")) == []


def test_folders_deeper_than_python_can_call_itself_end_no_walk(folder: Path) -> None:
    fill(folder, sys.getrecursionlimit() + 100)

    assert len(list(open_folders(folder))) == DEEPEST
    assert taken(folder, until=time.monotonic() + 60) == 0


def test_a_folder_that_becomes_a_fifo_keeps_nobody_waiting(folder: Path) -> None:
    (folder / "data").mkdir()
    walk = open_folders(folder)
    assert next(walk)[0] == ""
    (folder / "data").rmdir()
    os.mkfifo(folder / "data")

    assert list(walk) == []
