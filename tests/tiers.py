"""How much is tried: what every change needs, or, with `tests/run --slow`, all there is."""

import os

import pytest

SLOW = bool(os.environ.get("PUSHDEPLOY_SLOW"))

slow = pytest.mark.skipif(not SLOW, reason="takes long; `tests/run --slow` runs it")


def rounds(usual: int, *, slow: int) -> int:
    """How often a test does a thing."""
    return slow if SLOW else usual
