"""How the machine itself does, as its own files say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.system import vitals

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n"


def test_processes_that_had_no_memory_left_are_counted_by_the_kernel(tmp_path: Path) -> None:
    (tmp_path / "pushdeploy-my_blog.slice").mkdir()
    (tmp_path / "pushdeploy-my_blog.slice" / "memory.events").write_text(EVENTS)

    assert vitals.out_of_memory("my-blog", tmp_path) == 2
    assert vitals.out_of_memory("shop", tmp_path) is None


def test_the_distribution_is_the_one_of_os_release(tmp_path: Path) -> None:
    file = tmp_path / "os-release"
    file.write_text('PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="12"\n# a comment\n')

    assert vitals.distribution(file) == ("debian", "12")
    assert vitals.distribution(tmp_path / "none") == ("", "")


def test_this_machine_has_memory_and_filesystems() -> None:
    assert 0 <= vitals.memory_left() <= 100
    found = vitals.filesystems()
    assert found[0].path == "/"
    assert all(0 <= one.used <= 100 and 0 <= one.files_used <= 100 for one in found)
