"""Sends notices: their addresses and texts come on stdin, what became of each goes to stdout.

systemd starts it as a user of nobody's, in a sandbox (`system/notice_sandbox.py`), so that a URL
has nobody act but somebody without any rights. Whoever does not answer holds up nobody else.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TYPE_CHECKING

from pushdeploy.model.notice import Answered, Post
from pushdeploy.model.wire import plain, read
from pushdeploy.system.notice_sending import send, wrong_address

if TYPE_CHECKING:
    from pushdeploy.model.notice import Letter

ALL_SECONDS = 40.0
"""For all of them, side by side."""

AT_ONCE = 16


def main() -> int:
    """Send them all."""
    post = read(Post, json.loads(sys.stdin.buffer.read()))
    turns, says = threading.Semaphore(AT_ONCE), threading.Lock()

    def one(position: int, letter: Letter) -> None:
        with turns:
            wrong = wrong_address(letter.url) if post.check else send(letter, post.server)
        with says:
            print(json.dumps(plain(Answered(position, wrong))), flush=True)

    threads = [
        threading.Thread(target=one, args=(position, letter), daemon=True)
        for position, letter in enumerate(post.letters)
    ]
    for thread in threads:
        thread.start()
    late = threading.Event()
    clock = threading.Timer(ALL_SECONDS, late.set)
    clock.daemon = True
    clock.start()
    for thread in threads:
        while thread.is_alive() and not late.is_set():
            thread.join(0.1)
    sys.stdout.flush()
    os._exit(0)  # who is late is left behind


if __name__ == "__main__":
    sys.exit(main())
