"""A command that waits for the server says so, and goes on."""

import time

import pytest

from pushdeploy.cli.patience import patience

PATIENCE_SECONDS = 10.0


def test_a_long_answer_is_announced(capfd: pytest.CaptureFixture[str]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    said = ""

    with patience(0.01):
        while "still working" not in said and time.monotonic() < end:
            said += capfd.readouterr().err

    assert "The server is still working" in said


def test_a_short_answer_is_not(capfd: pytest.CaptureFixture[str]) -> None:
    with patience(600):
        pass

    assert capfd.readouterr().err == ""
