"""The longest files first: one that begins last would run alone at the end.

A plugin of `tests/conftest.py`; with `--dist=loadfile --no-loadscope-reorder` a process that is
free takes the next file.
"""

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]

SECONDS = CHECKOUT / "tests/seconds.txt"
"""`224 tests/host/test_config.py` a line, for files that take longer than most. The figures need
not be right, only their order, more or less: to write it again, add up what
`tests/run --durations=0 -vv` says."""

BOOTED = ("tests/host/", "tests/adversarial/")
UNKNOWN_SECONDS = 60
"""Of a file in these folders that is not listed; all others are quick."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order of their seconds; the tests of one file stay as they are."""
    seconds = read_seconds(SECONDS.read_text())
    items.sort(key=lambda item: -_seconds(seconds, item.path))


def read_seconds(text: str) -> dict[str, int]:
    """How long each file takes, by its path from the top folder."""
    lines = (line.split() for line in text.splitlines())
    return {name: int(seconds) for seconds, name in lines}


def _seconds(seconds: dict[str, int], path: Path) -> int:
    name = str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else ""
    return seconds.get(name, UNKNOWN_SECONDS if name.startswith(BOOTED) else 0)
