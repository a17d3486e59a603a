"""Waits while a file is in storage."""

import time
from pathlib import Path

LONGEST_SECONDS = 120


def wait(name):
    """Until the file is gone; for ever would outlive a test that was killed."""
    end = time.monotonic() + LONGEST_SECONDS
    while (Path("instance") / name).exists() and time.monotonic() < end:
        time.sleep(0.02)
