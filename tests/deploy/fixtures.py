"""Fixtures: one machine with one app on it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.deploy.machine import FakeMachine, make_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
"""Where syncing costs nothing."""


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose sockets' paths fit into 108 bytes (unix(7))."""
    folder = Path(tempfile.mkdtemp(prefix="pd-", dir=MEMORY if MEMORY.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def machine(short_folder: Path) -> Iterator[FakeMachine]:
    """A machine with the app `blog`, to which nothing was pushed yet."""
    made = make_machine(short_folder / "state", short_folder / "run")
    yield made
    made.supervisor.close()
