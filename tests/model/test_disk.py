"""What is said of a disk that is too full for a push."""

from __future__ import annotations

import pytest

from pushdeploy.model.disk import Disk, largest, what_frees_room

GIB, MIB = 1 << 30, 1 << 20


@pytest.mark.parametrize(
    ("disk", "full", "told"),
    [
        (Disk(5 * GIB, 10 * GIB, 100_000, 200_000), False, ""),
        (
            Disk(0, 10 * GIB, 100_000, 200_000),
            True,
            "full: 0 bytes of 10 GiB are free (100 % used)",
        ),
        (Disk(5 * GIB, 10 * GIB, 0, 200_000), True, "no room for more files: 0 of 200000"),
        (Disk(5 * GIB, 10 * GIB, 0, 0), False, ""),
    ],
)
def test_a_disk_is_nearly_full(disk: Disk, full: bool, told: str) -> None:  # noqa: FBT001
    assert disk.is_nearly_full is full
    assert not full or told in disk.told()


ROOMS = {
    "small": {"packages": 5 * MIB, "cache": MIB},
    "blog": {"packages": 900 * MIB, "cache": 300 * MIB, "repo": 40 * MIB, "logs": 0},
}


def test_the_apps_that_take_most_come_first_with_what_they_take() -> None:
    assert largest(ROOMS) == [
        "blog: packages 900 MiB, cache 300 MiB, repo 40 MiB",
        "small: packages 5 MiB, cache 1 MiB",
    ]


def test_the_command_is_the_one_that_frees_most() -> None:
    assert what_frees_room(ROOMS) == "pushdeploy builds:clear-cache --app blog"
    assert what_frees_room({"blog": {"repo": 99 * MIB}}) == "pushdeploy git:gc --app blog"
    assert what_frees_room({"blog": {"packages": GIB}}).startswith("sudo du ")
