"""No silence: whoever waits for an answer is told every few seconds that it is still worked on."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from pushdeploy.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 3.0


@contextlib.contextmanager
def patience(
    seconds: float = SECONDS, words: str = "The server is still working"
) -> Iterator[None]:
    """Say how long it has taken, each time these seconds are over."""
    ended = threading.Event()
    talk = threading.Thread(target=_talk, args=(ended, seconds, words), daemon=True)
    talk.start()
    try:
        yield
    finally:
        ended.set()
        talk.join()


def _talk(ended: threading.Event, seconds: float, words: str) -> None:
    waited = 0.0
    while not ended.wait(seconds):
        waited += seconds
        say(f"{words} ({waited:.0f} s)")
