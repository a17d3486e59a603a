"""Steps of the installer."""

import threading
import time

import pytest

from pushdeploy.install.steps import Steps

LONG_SECONDS = 10.0


def test_a_long_step_says_that_it_is_still_at_it(capfd: pytest.CaptureFixture[str]) -> None:
    said, heard = "", threading.Event()
    end = time.monotonic() + LONG_SECONDS

    def action() -> bool:
        nonlocal said
        while "still working" not in said and time.monotonic() < end:
            said += capfd.readouterr().err
        heard.set()
        return True

    Steps(seconds=0.01).step("Starting the apps", action)

    assert heard.is_set()
    assert said.startswith("-----> Starting the apps\n       still working (")


def test_a_short_step_says_only_how_it_ended(capfd: pytest.CaptureFixture[str]) -> None:
    Steps(seconds=600).step("Creating users", lambda: False)

    assert capfd.readouterr().err == "-----> Creating users\n       no change\n"
