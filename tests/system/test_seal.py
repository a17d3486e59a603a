"""Sealing: what a build has left becomes nobody's to change, or is refused."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.system.owned_tree import DEEPEST, Owner
from pushdeploy.system.seal import is_plain_folder, seal

if TYPE_CHECKING:
    from pathlib import Path

ME = Owner(os.getuid(), os.getgid())


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A folder as a build leaves it."""
    folder = tmp_path / "code"
    (folder / "static").mkdir(parents=True)
    (folder / "static" / "app.css").write_text("x")
    return folder


def mode(path: Path) -> int:
    """The permissions of a path."""
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_group_reads_all_and_nobody_else_anything(code: Path) -> None:
    (code / "open").mkdir()
    (code / "open").chmod(0o777)
    (code / "secret").write_text("x")
    (code / "secret").chmod(0o200)
    (code / "run").write_text("x")
    (code / "run").chmod(0o4777)

    seal(code, ME)

    assert mode(code) == 0o750
    assert mode(code / "open") == 0o750
    assert mode(code / "secret") == 0o640
    assert mode(code / "run") == 0o750


@pytest.mark.skipif(os.geteuid() != 0, reason="changes owners")
def test_links_are_handed_over_and_never_followed(code: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("x")
    outside.chmod(0o600)
    (code / "link").symlink_to(outside)
    (code / "folder").symlink_to(tmp_path)

    seal(code, Owner(12345, 12346))

    assert (outside.stat().st_uid, mode(outside)) == (0, 0o600)
    assert (tmp_path.stat().st_uid, (code / "link").lstat().st_uid) == (0, 12345)
    assert (code / "static" / "app.css").stat().st_gid == 12346


def test_a_fifo_is_refused(code: Path) -> None:
    os.mkfifo(code / "pipe")

    with pytest.raises(RefusedInputError, match="neither a file, a folder nor a link"):
        seal(code, ME)


def test_a_file_with_a_name_elsewhere_is_refused(code: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").hardlink_to(code / "static" / "app.css")

    with pytest.raises(RefusedInputError, match="another name"):
        seal(code, ME)


def test_a_file_with_two_names_in_the_code_is_sealed(code: Path) -> None:
    (code / "same.css").hardlink_to(code / "static" / "app.css")

    seal(code, ME)

    assert mode(code / "same.css") == mode(code / "static" / "app.css")


def test_more_files_than_anybody_needs_are_refused(code: Path) -> None:
    with pytest.raises(RefusedInputError, match="too many files"):
        seal(code, ME, most=1)


def test_folders_that_lie_too_deep_are_refused(code: Path) -> None:
    here = os.open(code, os.O_RDONLY)
    for _ in range(DEEPEST + 1):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)

    with pytest.raises(RefusedInputError, match="deeper"):
        seal(code, ME)


def test_a_link_in_the_place_of_the_folder_is_refused(code: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(code)

    with pytest.raises(NotADirectoryError):
        seal(tmp_path / "link", ME)


def test_a_folder_is_plain_when_no_part_of_the_way_is_a_link(code: Path) -> None:
    (code / "dist").symlink_to("static")
    (code / "static" / "up").symlink_to("..")

    assert is_plain_folder(code, "static")
    assert not is_plain_folder(code, "dist")
    assert not is_plain_folder(code, "static/up/static")
    assert not is_plain_folder(code, "static/app.css")
    assert not is_plain_folder(code, "nothing")
