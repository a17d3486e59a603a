"""Fixtures: a pushdeploy whose engine is a fake, and whose output is seen as a person sees it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from pushdeploy.cli.runner import status_of
from pushdeploy.cli.target import Local
from tests.cli.answers import NOW, apps
from tests.cli.engine import FakeEngine


@dataclass(frozen=True)
class Said:
    """How a command ended and what it printed."""

    status: int
    stdout: str
    stderr: str


Pushdeploy = Callable[..., Said]


@pytest.fixture
def engine() -> FakeEngine:
    """An engine with one app."""
    return FakeEngine({"apps": apps("blog")})


@pytest.fixture
def pushdeploy(engine: FakeEngine, capfd: pytest.CaptureFixture[str]) -> Pushdeploy:
    """Types a command beside the engine: `pushdeploy("releases", "blog")`."""

    def typed(*words: str, over_ssh: bool = False) -> Said:
        status = status_of(list(words), lambda: Local(engine, over_ssh, lambda: NOW))
        out, err = capfd.readouterr()
        return Said(status, out, err)

    return typed


@pytest.fixture
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's clock is set to UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
