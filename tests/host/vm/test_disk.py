"""The disk of power cuts keeps what was flushed, and of the rest what chance gives."""

from pathlib import Path
from random import Random

from tests.host.vm.disk import PAGE, Disk

ONE, TWO, NEW = b"1" * PAGE, b"2" * PAGE, b"n" * PAGE


def chance(seed: int) -> Random:
    """The same each time."""
    return Random(seed)  # noqa: S311 - chance, not secrets


def made(folder: Path) -> Disk:
    """A disk of eight pages, the first of which is flushed."""
    path = folder / "disk"
    path.write_bytes(bytes(8 * PAGE))
    disk = Disk(path)
    disk.write(0, ONE)
    disk.flush()
    return disk


def test_reads_what_was_written_last_also_across_pages(tmp_path: Path) -> None:
    disk = made(tmp_path)

    disk.write(PAGE - 2, b"abcd")

    assert disk.read(PAGE - 3, 6) == b"1abcd\0"


def test_a_cut_keeps_what_was_flushed(tmp_path: Path) -> None:
    for seed in range(20):
        disk = made(tmp_path)

        disk.cut(chance(seed))

        assert disk.read(0, PAGE) == ONE


def test_a_cut_leaves_each_page_with_some_content_that_it_had(tmp_path: Path) -> None:
    found = set()
    for seed in range(40):
        disk = made(tmp_path)
        disk.write(0, TWO)
        disk.write(0, NEW)

        lost = disk.cut(chance(seed))

        found.add(disk.read(0, PAGE))
        assert (lost.unflushed, lost.kept) == (1, int(disk.read(0, PAGE) == NEW))
    assert found == {ONE, TWO, NEW}


def test_nothing_is_written_between_a_cut_and_the_next_start(tmp_path: Path) -> None:
    disk = made(tmp_path)
    disk.cut(chance(0))

    disk.write(0, NEW)
    disk.flush()
    dead = disk.read(0, PAGE)
    disk.power_on()
    disk.write(0, TWO)

    assert (dead, disk.read(0, PAGE)) == (ONE, TWO)
