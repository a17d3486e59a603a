"""Owners and modes on a real disk, with what an app could put in the way."""

import os
import stat
from pathlib import Path

import pytest

from pushdeploy.model.ownership import Contents, Kind, Owned
from pushdeploy.system.owned_tree import DEEPEST
from pushdeploy.system.ownership import set_right

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="changes owners")

DAEMON, GAMES, ROOT = (1, 1), (5, 60), (0, 0)
"""Users with their groups that every Debian has; `daemon` stands for an app."""

APP = Contents(folders=0o700, files=0o400, forbidden=0o022)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An app's folder with files, owned as it should be."""
    folder = tmp_path / "app"
    (folder / "sub" / "deeper").mkdir(parents=True)
    for name in ("one", "sub/two", "sub/deeper/three"):
        (folder / name).write_text(name)
    own(folder, DAEMON)
    folder.chmod(0o700)
    return folder


def own(folder: Path, owner: tuple[int, int]) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, *owner, follow_symlinks=False)


def owner_of(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_uid, found.st_gid


def line(path: Path, contents: Contents | None = APP, mode: int = 0o700) -> Owned:
    return Owned(path, "daemon", "daemon", mode, contents=contents)


def test_what_is_right_is_left_as_it_is(folder: Path) -> None:
    before = {path: path.lstat().st_ctime_ns for path in folder.rglob("*")}

    findings = set_right([line(folder)], deep=True)

    assert (findings.did, findings.made, findings.left, findings.refused) == ([], [], [], [])
    assert {path: path.lstat().st_ctime_ns for path in folder.rglob("*")} == before


def test_a_folder_that_is_somebody_elses_is_given_back_with_all_that_is_in_it(folder: Path) -> None:
    own(folder, GAMES)
    folder.chmod(0o777)

    findings = set_right([line(folder)])

    assert {owner_of(path) for path in (folder, *folder.rglob("*"))} == {DAEMON}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert findings.did == [f"set the owner of {folder} and 5 in it: daemon:daemon, mode 0700"]
    assert set_right([line(folder)], deep=True).did == []


def test_one_file_at_the_top_is_sign_enough(folder: Path) -> None:
    os.chown(folder / "one", 0, 0)
    os.chown(folder / "sub/deeper/three", 0, 0)

    findings = set_right([line(folder)])

    assert owner_of(folder / "sub/deeper/three") == DAEMON
    assert findings.did == [f"set the owner of 2 in {folder}: daemon:daemon"]


def test_what_lies_deep_is_found_when_it_is_asked_for(folder: Path) -> None:
    os.chown(folder / "sub/deeper/three", 0, 0)

    assert set_right([line(folder)]).did == []
    assert set_right([line(folder)], deep=True).did != []
    assert owner_of(folder / "sub/deeper/three") == DAEMON


def test_modes_that_let_others_write_are_taken_back(folder: Path) -> None:
    (folder / "sub").chmod(0o777)
    (folder / "sub/two").chmod(0o4766)

    set_right([line(folder)])

    assert stat.S_IMODE((folder / "sub").stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "sub/two").stat().st_mode) == 0o744


def test_a_group_may_be_the_owners_own_choice(folder: Path) -> None:
    os.chown(folder / "one", DAEMON[0], GAMES[1])

    assert set_right([line(folder, Contents(group=False))], deep=True).did == []


def test_a_link_is_given_and_never_followed(folder: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.mkdir(mode=0o700)
    (canary / "file").write_text("root's")
    (folder / "link").symlink_to(canary)
    (folder / "sub" / "file").symlink_to(canary / "file")
    own(folder, GAMES)

    set_right([line(folder)])

    assert owner_of(folder / "link") == DAEMON
    assert owner_of(folder / "sub" / "file") == DAEMON
    assert {owner_of(canary), owner_of(canary / "file")} == {ROOT}


def test_a_file_with_a_name_elsewhere_is_not_given_away(folder: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("root's")
    own(folder, GAMES)
    os.link(canary, folder / "sub" / "stolen")

    findings = set_right([line(folder)])

    assert owner_of(canary) == ROOT
    assert findings.left == [f"left 1 files in `{folder}` alone: they have names elsewhere"]
    assert owner_of(folder / "one") == DAEMON


def test_a_file_with_two_names_in_the_same_folder_is_given_back(folder: Path) -> None:
    os.link(folder / "one", folder / "sub" / "again")
    own(folder, GAMES)

    findings = set_right([line(folder)])

    assert owner_of(folder / "one") == DAEMON
    assert findings.left == []


def test_what_is_no_file_is_given_back_without_being_opened(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    own(folder, GAMES)

    set_right([line(folder)])

    assert owner_of(folder / "fifo") == DAEMON


def test_a_tree_that_is_deeper_than_anybody_needs_ends_with_a_word(tmp_path: Path) -> None:
    top = deep = tmp_path / "app"
    top.mkdir(mode=0o700)
    for _ in range(DEEPEST + 2):
        deep /= "d"
        deep.mkdir()

    findings = set_right([line(top)])

    assert findings.left == [f"left folders in `{top}` alone that lie deeper than {DEEPEST}"]


def test_a_link_in_the_place_of_a_folder_is_refused_with_all_below_it(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    (canary / "start").mkdir(parents=True)
    (tmp_path / "releases").symlink_to(canary)
    below = Owned(tmp_path / "releases" / "start", "daemon", "daemon", 0o777)
    pattern = Owned(tmp_path / "releases" / "*", "daemon", "daemon", 0o777)

    findings = set_right([line(tmp_path / "releases"), below, pattern])

    assert findings.refused == [
        f"`{tmp_path}/releases` should be a folder of pushdeploy's but is not"
    ]
    assert owner_of(canary / "start") == ROOT
    assert findings.did == []


def test_a_file_of_ours_with_another_name_is_refused(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("root's")
    os.link(canary, tmp_path / "settings")
    wanted = Owned(tmp_path / "settings", "daemon", "daemon", 0o644, Kind.FILE)

    findings = set_right([wanted])

    assert len(findings.refused) == 1
    assert owner_of(canary) == ROOT


def test_what_is_missing_is_made_when_it_is_always_there(tmp_path: Path) -> None:
    lines = [
        Owned(tmp_path / "log", "root", "daemon", 0o2750, made=True),
        Owned(tmp_path / "log" / "keys", "root", "daemon", 0o640, Kind.FILE, made=True),
        Owned(tmp_path / "maybe", "root", "root", 0o644, Kind.FILE),
    ]

    findings = set_right(lines)

    assert findings.made == [f"made {tmp_path}/log", f"made {tmp_path}/log/keys"]
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o2750
    assert owner_of(tmp_path / "log" / "keys") == (0, DAEMON[1])
    assert not (tmp_path / "maybe").exists()
    assert set_right(lines).made == []


def test_a_pattern_is_about_each_name_that_has_no_dot_at_its_front(tmp_path: Path) -> None:
    for name in ("v1", "v2", ".new-3", "w"):
        (tmp_path / name / "start").mkdir(parents=True)
    wanted = Owned(tmp_path / "v*" / "start", "daemon", "daemon", 0o755)

    set_right([wanted])

    given = [one.parent.name for one in tmp_path.glob("*/start") if owner_of(one) == DAEMON]
    assert sorted(given) == ["v1", "v2"]
