"""Fixtures: a machine, and a connection to an engine that answers when a test lets it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.deploy.machine import FakeMachine, make_machine
from tests.engine.caller import Line

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose sockets' paths fit into 108 bytes (unix(7))."""
    folder = Path(tempfile.mkdtemp(prefix="pd-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def machine(short_folder: Path) -> Iterator[FakeMachine]:
    """A machine with the app `blog`."""
    made = make_machine(short_folder / "state", short_folder / "run")
    yield made
    made.supervisor.close()


@pytest.fixture
def line(machine: FakeMachine) -> Iterator[Line]:
    """The two ends of a connection to the engine; what serving changes in a process is undone."""
    before = {number: signal.getsignal(number) for number in (signal.SIGPIPE, signal.SIGHUP)}
    mask = os.umask(0o022)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Line(machine, ours, theirs)
    os.umask(mask)
    for number, handler in before.items():
        signal.signal(number, handler)
