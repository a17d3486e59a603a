"""A file gets a second name only where nobody but root can write it, by whatever name."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pushdeploy.system.linked_tree import FOLDER, Making, UnfitError
from pushdeploy.system.owned_tree import Owner

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files away")

BUILDER = Owner(4711, 4712)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder as a sealed venv has it."""
    folder = tmp_path / "source"
    (folder / "deep").mkdir(parents=True, mode=0o750)
    (folder / "deep/module.py").write_text("A = 1\n")
    (folder / "deep/module.py").chmod(0o640)
    (folder / "link").symlink_to("deep")
    folder.chmod(0o750)
    (folder / "deep").chmod(0o750)
    return folder


def made(source: Path, owner: Owner | None) -> Path:
    """Another one from it."""
    target = source.with_name("target")
    target.mkdir()
    making = Making(owner)
    old, new = making.opened(None, str(source)), os.open(target, FOLDER)
    try:
        making.folder(old, new, skip=".complete".__eq__)
    finally:
        os.close(old)
        os.close(new)
    return target


@needs_root
def test_files_are_the_same_ones_and_folders_are_the_builders_own(source: Path) -> None:
    (source / ".complete").write_text("")

    target = made(source, BUILDER)

    one, other = source / "deep/module.py", target / "deep/module.py"
    assert one.stat().st_ino == other.stat().st_ino
    assert (other.stat().st_uid, other.stat().st_nlink) == (0, 2)
    folder = (target / "deep").stat()
    assert (folder.st_uid, folder.st_gid) == (BUILDER.user, BUILDER.group)
    assert stat.S_IMODE(folder.st_mode) == 0o2750
    assert (target / "link").readlink() == Path("deep")
    assert (target / "link").lstat().st_uid == BUILDER.user
    assert not (target / ".complete").exists()


def test_of_one_user_alone_they_are_copies_with_the_times_that_bytecode_knows(
    source: Path,
) -> None:
    os.utime(source / "deep/module.py", (1, 2))

    target = made(source, None)

    one, other = (source / "deep/module.py").stat(), (target / "deep/module.py").stat()
    assert one.st_ino != other.st_ino
    assert (other.st_mtime_ns, other.st_mode) == (one.st_mtime_ns, one.st_mode)
    assert (target / "deep/module.py").read_text() == "A = 1\n"


@needs_root
@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: os.chown(path / "deep/module.py", 4711, -1),
        lambda path: (path / "deep/module.py").chmod(0o660),
        lambda path: (path / "deep/module.py").chmod(0o642),
        lambda path: (path / "deep/module.py").chmod(0o4750),
        lambda path: os.chown(path / "deep", 4711, -1),
        lambda path: (path / "deep").chmod(0o770),
        lambda path: path.chmod(0o777),
        lambda path: os.chown(path, 4711, -1),
        lambda path: os.chown(path / "link", 4711, -1, follow_symlinks=False),
        lambda path: os.mkfifo(path / "deep/pipe", 0o600),
    ],
)
def test_what_others_could_write_or_have_put_there_is_refused(source: Path, spoil: object) -> None:
    assert callable(spoil)
    spoil(source)

    with pytest.raises((UnfitError, OSError)):
        made(source, BUILDER)


@needs_root
def test_a_folder_that_became_a_link_is_not_followed(source: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir(mode=0o700)
    (secret / "key").write_text("")
    (source / "link").unlink()
    (source / "link").symlink_to(secret)

    target = made(source, BUILDER)

    assert (target / "link").is_symlink()
    assert (secret / "key").stat().st_nlink == 1
