"""The table of long files names files that are there, and is what orders them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tests.longest_first import (
    CHECKOUT,
    SECONDS,
    pytest_collection_modifyitems,
    read_seconds,
)

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True)
class Item:
    """What is known of a test before it runs."""

    path: Path
    number: int


def test_each_line_is_seconds_and_a_file() -> None:
    assert read_seconds("300 tests/a.py\n 20 tests/b.py\n") == {"tests/a.py": 300, "tests/b.py": 20}


def test_every_file_that_is_named_is_there() -> None:
    missing = [name for name in read_seconds(SECONDS.read_text()) if not (CHECKOUT / name).exists()]

    assert missing == []


def test_what_takes_longest_comes_first_and_tests_of_a_file_stay_in_order() -> None:
    longest = next(iter(read_seconds(SECONDS.read_text())))
    names = ["tests/test_quick.py", "tests/host/test_new.py", longest, longest]
    items = [Item(CHECKOUT / name, number) for number, name in enumerate(names)]

    pytest_collection_modifyitems(cast("list[pytest.Item]", items))

    assert [item.number for item in items] == [2, 3, 1, 0]
