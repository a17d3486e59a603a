"""The longest files first: one that begins last would run alone at the end.

A plugin of `tests/conftest.py`; with `--dist=loadfile --no-loadscope-reorder` a process that is
free takes the next file.
"""

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]

SECONDS = CHECKOUT / "tests/seconds.txt"
"""`224 tests/host/test_config.py` a line, for files that take longer than most; what is not
listed is quick. The figures need not be right, only their order, more or less: to write it again,
add up what `tests/run --durations=0 -vv` says."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order of their seconds; the tests of one file stay as they are."""
    seconds = read_seconds(SECONDS.read_text())
    items.sort(key=lambda item: -seconds.get(_name(item.path), 0))


def read_seconds(text: str) -> dict[str, int]:
    """How long each file takes, by its path from the top folder."""
    lines = (line.split() for line in text.splitlines())
    return {name: int(seconds) for seconds, name in lines}


def _name(path: Path) -> str:
    return str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else ""
