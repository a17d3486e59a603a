"""What the forced command may be asked for. Reject, never sanitise. Imports little."""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING

from pushdeploy.cli import style
from pushdeploy.cli.engine_link import connect, who
from pushdeploy.cli.watch import stderr
from pushdeploy.engine.client import ask
from pushdeploy.errors import PushdeployError, UsageError
from pushdeploy.model.app import parse_app_name
from pushdeploy.push.receive_pack import receive
from pushdeploy.system.command import replace
from pushdeploy.system.git_program import upload_pack
from pushdeploy.system.resources import resource

if TYPE_CHECKING:
    import socket

LONGEST = 100_000
"""Characters of a command: config vars may be long."""

GIT = re.compile(
    r"git[- ](?P<verb>receive-pack|upload-pack) (?:'/?(?P<quoted>[^']*)'|/?(?P<bare>\S*))", re.ASCII
)
INTERACTIVE = (
    "This is pushdeploy: there is no shell here. You are known as `{who}`.\n"
    "Push an app:     git remote add production {user}@HOST:APP\n"
    "Ask something:   ssh {user}@HOST apps"
)


def answer(asked: str, engine: socket.socket | None) -> int:
    """Do what was asked for, or say why not; `engine` was called already, for a push."""
    try:
        return _answer(asked, engine)
    except PushdeployError as error:
        stderr().show(style.problem(error.message, error.hint))
        return error.exit_code


def _answer(asked: str, engine: socket.socket | None) -> int:
    if len(asked) > LONGEST:
        raise UsageError(f"the command has {len(asked)} characters, more than {LONGEST}")
    if not asked:
        print(INTERACTIVE.format(who=who(), user="deploy"), file=sys.stderr)
        return 0
    match = GIT.fullmatch(asked)
    if match is None:
        return _command(asked)
    app = parse_app_name((match["quoted"] or match["bare"] or "").removesuffix(".git"))
    if match["verb"] == "receive-pack":
        return receive(app, str(resource("hooks")), engine)
    from pushdeploy.engine.verbs.git import fetch  # a push needs none of it

    replace(upload_pack(ask(connect(), fetch(app), who=who()).repo))
    return 0


def _command(asked: str) -> int:
    try:
        words = shlex.split(asked)
    except ValueError as error:
        raise UsageError(f"the command can't be read: {error}") from error
    if words and words[0] == "pushdeploy":
        del words[0]
    from pushdeploy.cli.runner import run_over_ssh  # a push needs none of it

    return run_over_ssh(words)
