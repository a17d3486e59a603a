"""Files as values: one step from old to new, and no link is followed."""

from __future__ import annotations

import json
import os
import resource
import stat
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import UnavailableError
from pushdeploy.system.files import (
    File,
    append,
    create_all,
    delete_tree,
    delete_unfinished,
    make_folder,
    point,
    sync_filesystem,
    write,
)
from pushdeploy.system.json_lines import read_lines

if TYPE_CHECKING:
    from pathlib import Path


def mode_of(path: Path) -> int:
    """Permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_with_its_mode_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"

    assert write(File(path, "port = 8000\n", 0o640))

    assert path.read_text() == "port = 8000\n"
    assert mode_of(path) == 0o640
    assert names(tmp_path) == ["settings.toml"]


def test_what_is_so_already_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(File(path, "same"))
    before = path.stat().st_ino

    assert not write(File(path, "same"))

    assert path.stat().st_ino == before


def test_another_mode_is_a_change(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(File(path, "same", 0o644))

    assert write(File(path, "same", 0o600))

    assert mode_of(path) == 0o600


def test_a_reader_sees_the_old_or_the_new_and_never_a_mixture(tmp_path: Path) -> None:
    path, over = tmp_path / "file", threading.Event()
    contents = [letter * 100_000 for letter in "ab"]
    write(File(path, contents[0]))
    seen = set()

    def read() -> None:
        while not over.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for round_ in range(60):
        write(File(path, contents[round_ % 2]))
    over.set()
    reader.join()

    assert seen <= set(contents)


def test_a_reader_who_has_it_open_keeps_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(File(path, "old"))

    with path.open() as opened:
        write(File(path, "new"))

        assert opened.read() == "old"


def test_a_leftover_of_a_killed_writer_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "file"
    (tmp_path / ".file.new").write_text("half")

    write(File(path, "whole"))

    assert path.read_text() == "whole"
    assert names(tmp_path) == ["file"]


def test_what_did_not_fit_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            write(File(path, "new and long"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert (names(tmp_path), path.read_text()) == (["settings.toml"], "old")


def test_leftovers_of_killed_writers_are_deleted_and_nothing_else(tmp_path: Path) -> None:
    kept = [".new", ".settings.toml", "a.new", ".other.new"]
    for name in [*kept, ".pushdeploy-blog.v1.web.service.new"]:
        (tmp_path / name).touch()
    (tmp_path / ".pushdeploy-blog.new").mkdir()

    delete_unfinished(tmp_path, "pushdeploy-blog*")

    assert names(tmp_path) == sorted([*kept, ".pushdeploy-blog.new"])
    delete_unfinished(tmp_path)
    assert names(tmp_path) == sorted([".new", ".settings.toml", "a.new", ".pushdeploy-blog.new"])


def test_a_link_is_replaced_and_what_it_names_is_untouched(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep")
    for name in ("file", ".file.new"):
        (tmp_path / name).symlink_to(precious)

    write(File(tmp_path / "file", "new"))

    assert precious.read_text() == "keep"
    assert not (tmp_path / "file").is_symlink()


def test_many_files_are_made_with_their_folders(tmp_path: Path) -> None:
    create_all([File(tmp_path / "a" / "one", "1"), File(tmp_path / "a" / "b" / "two", "2", 0o750)])

    assert (tmp_path / "a" / "one").read_text() == "1"
    assert mode_of(tmp_path / "a" / "b" / "two") == 0o750


def test_a_link_is_pointed_elsewhere_in_one_step(tmp_path: Path) -> None:
    link, over, missing = tmp_path / "current", threading.Event(), []
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
    point(link, "v1")

    def look() -> None:
        while not over.is_set():
            if not link.exists():
                missing.append(True)

    looker = threading.Thread(target=look)
    looker.start()
    for round_ in range(100):
        point(link, f"v{round_ % 2 + 1}")
    over.set()
    looker.join()

    assert missing == []
    assert names(tmp_path) == ["current", "v1", "v2"]


def test_a_leftover_link_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".current.new").symlink_to("v0")

    point(tmp_path / "current", "v1")

    assert str((tmp_path / "current").readlink()) == "v1"


def test_lines_are_appended_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"

    append(path, {"attempt": 1, "text": "größer\n"}, mode=0o600)
    append(path, {"attempt": 2})

    assert list(read_lines(path)) == [{"attempt": 1, "text": "größer\n"}, {"attempt": 2}]
    assert mode_of(path) == 0o600
    assert len(path.read_bytes().splitlines()) == 2


@given(st.integers(0, 40))
def test_wherever_a_line_was_torn_only_that_line_is_lost(cut: int) -> None:
    import tempfile  # noqa: PLC0415 - a folder for each example
    from pathlib import Path  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.jsonl")
        append(path, {"attempt": 1})
        torn = json.dumps({"attempt": 2, "text": "größer"}, ensure_ascii=False).encode()[:cut]
        with path.open("ab") as file:
            file.write(torn)

        append(path, {"attempt": 3})

        numbers = [record["attempt"] for record in read_lines(path)]
        assert numbers in ([1, 3], [1, 2, 3])


def test_a_log_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="symbolic links"):
        append(tmp_path / "log", {"attempt": 1})

    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert list(read_lines(tmp_path / "nothing")) == []


def test_what_is_no_object_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'[1]\n7\nnonsense\n\xff\xfe\n{"attempt": 1}\n\n')

    assert list(read_lines(path)) == [{"attempt": 1}]


def test_a_folder_is_made_once_and_set_right_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "folder"

    made = make_folder(folder, mode=0o711)
    again = make_folder(folder, mode=0o711)
    folder.chmod(0o777)
    mended = make_folder(folder, mode=0o711)

    assert (made, again, mended) == (True, False, True)
    assert mode_of(folder) == 0o711


@pytest.mark.parametrize("kind", ["link", "file"])
def test_something_else_of_that_name_is_refused_and_untouched(kind: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir(mode=0o755)
    if kind == "link":
        (tmp_path / "folder").symlink_to(other)
    else:
        (tmp_path / "folder").write_text("")

    with pytest.raises(UnavailableError):
        make_folder(tmp_path / "folder", mode=0o700)

    assert mode_of(other) == 0o755


def test_a_tree_is_deleted_and_its_links_are_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("keep")
    folder = tmp_path / "v1"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "link").symlink_to(precious)

    delete_tree(folder)

    assert names(tmp_path) == ["precious"]
    assert (precious / "file").read_text() == "keep"


def test_deleting_what_was_half_deleted_deletes_the_rest(tmp_path: Path) -> None:
    (tmp_path / ".old-v1" / "deep").mkdir(parents=True)
    (tmp_path / "v1").mkdir()

    delete_tree(tmp_path / "v1")
    delete_tree(tmp_path / "v1")

    assert names(tmp_path) == []


def test_files_and_links_can_be_deleted_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("/etc")

    delete_tree(tmp_path / "file")
    delete_tree(tmp_path / "link")
    delete_tree(tmp_path / "nothing")

    assert names(tmp_path) == []
    assert os.path.isdir("/etc")  # noqa: PTH112 - the link's target


def test_a_filesystem_is_synced_by_any_of_its_paths(tmp_path: Path) -> None:
    sync_filesystem(tmp_path)

    with pytest.raises(FileNotFoundError):
        sync_filesystem(tmp_path / "nothing")


def test_a_tree_deeper_than_python_can_go_is_deleted(tmp_path: Path) -> None:
    inner = os.open(tmp_path, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("a", dir_fd=inner)
        outer, inner = inner, os.open("a", os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(inner)

    delete_tree(tmp_path / "a")

    assert names(tmp_path) == []
