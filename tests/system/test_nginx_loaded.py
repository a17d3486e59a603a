"""The note of what nginx has loaded."""

from pathlib import Path

from pushdeploy.system.nginx_loaded import LoadedNote

BEFORE = {Path("/a.conf"): "server { }"}
AFTER = {Path("/a.conf"): "server { listen 80; }"}


def test_it_says_so_of_these_files_and_this_user_alone(tmp_path: Path) -> None:
    note = LoadedNote(tmp_path / "loaded")

    note.write(BEFORE, "www-data")

    assert note.says(BEFORE, "www-data")
    assert not note.says(AFTER, "www-data")
    assert not note.says(BEFORE, "nginx")
    assert not note.says({}, "www-data")


def test_once_removed_what_was_loaded_before_does_not_count(tmp_path: Path) -> None:
    note = LoadedNote(tmp_path / "loaded")
    note.write(BEFORE, "www-data")

    note.remove()
    note.remove()

    assert not note.says(BEFORE, "www-data")
