"""Starts the sender of notices: nobody's user, in a sandbox, and its secrets by a pipe.

Nothing of an address is in a command line, a unit, the journal or a file that it could read.
"""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError
from pushdeploy.model.notice import Answered, Letter, Post
from pushdeploy.model.wire import plain, read
from pushdeploy.system import command
from pushdeploy.system.command import Command
from pushdeploy.system.rendering import render
from pushdeploy.system.systemctl import transient_until_end
from pushdeploy.system.unit_files import TOOL_PYTHON, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = 60.0
"""Until systemd ends it; it gives up by itself before that."""

UNSENT = "the sender ended without an answer"


def deliver(letters: Sequence[Letter], *, check: bool = False) -> list[str]:
    """Send them side by side; what went wrong with each, in words.

    Args:
        letters: what goes where.
        check: only look whether somebody knows such addresses.
    """
    return _ask(Post(socket.gethostname(), tuple(letters), check)) if letters else []


def _ask(post: Post) -> list[str]:
    words = [TOOL_PYTHON, "-I", "-m", "pushdeploy.programs.notice_sender"]
    asked = Command(transient_until_end(_options(), words), stdin=json.dumps(plain(post)))
    wrong = [UNSENT] * len(post.letters)
    try:
        output = command.attempt(asked, seconds=SECONDS + 10)
    except PushdeployError as error:
        return [error.message] * len(post.letters)
    for line in output.stdout.splitlines():
        try:
            one = read(Answered, json.loads(line))
        except ValueError:
            continue
        if 0 <= one.letter < len(wrong):
            wrong[one.letter] = one.wrong[:200]
    return wrong


def _options() -> list[str]:
    return [
        "--pipe",
        "--service-type=exec",
        "--description=pushdeploy: send notices",
        *(f"--property={line}" for line in settings_of(render("systemd/notice_sandbox.j2"))),
        f"--property=RuntimeMaxSec={SECONDS:.0f}",
    ]
