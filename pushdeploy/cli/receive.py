"""A push: the wrapper around `git receive-pack`, and the two hooks within it. Imports little.

The wrapper runs on every push, also when nothing is new, survives a client that vanishes, and its
exit status is the push's; a post-receive hook has none of that. So the hook shows the deploy, and
the wrapper sees to it that there is one and how it ended.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from pushdeploy.cli import console
from pushdeploy.cli.engine_link import WHO_VARIABLE, connect, who
from pushdeploy.cli.watch import PatientPrinter, Printer, stderr
from pushdeploy.deploy.receive import check_push, receive_pack
from pushdeploy.engine.client import GoneError, ask
from pushdeploy.errors import PushdeployError
from pushdeploy.system.command import start

APP = "PUSHDEPLOY_APP"
AFTER = "PUSHDEPLOY_AFTER"
BRANCH = "PUSHDEPLOY_BRANCH"
"""What the wrapper tells the hooks."""


def receive(app: str, hooks: str) -> int:
    """Receive a push to an app and make it live; returns the exit status of the push."""
    begun = ask(connect(), {"verb": "receive", "app": app, "who": who(), "create": True})
    facts = {
        APP: app,
        AFTER: str(begun["after"]),
        BRANCH: begun["branch"],
        WHO_VARIABLE: who(),
    }
    received = start(receive_pack(begun["repo"], hooks, facts), stdin=0).wait()
    settled = _settle(app, begun["after"], stderr())
    return settled or received


def pre_receive() -> int:
    """Refuse a push early and readably; nothing is stored then."""
    try:
        check_push(sys.stdin.read(), os.environ.get(BRANCH, ""))
    except PushdeployError as error:
        PatientPrinter(1).show(console.problem(error.message, error.hint))
        return 1
    return 0


def post_receive() -> int:
    """Show the deploy of what was pushed."""
    branch = next((line.split()[2] for line in sys.stdin if line.strip()), "")
    request = _request(os.environ[APP], int(os.environ[AFTER]))
    request["branch"] = branch.removeprefix("refs/heads/")
    printer = PatientPrinter(1)
    try:
        ended = ask(connect(), request, watcher=printer)
    except GoneError:
        return 0
    except PushdeployError as error:
        printer.show(console.problem(error.message, error.hint))
        return 1
    _say(ended, printer)
    return 0


def _settle(app: str, after: int, printer: Printer) -> int:
    """Whatever happened to the hook: learn how the deploy ended, or start the one that is due."""
    try:
        ended = ask(connect(), _request(app, after), watcher=printer)
    except GoneError:
        return 1
    except PushdeployError as error:
        printer.show(console.problem(error.message, error.hint))
        return error.exit_code
    if ended.get("outcome") == "left":
        _say(ended, printer)
    return int(ended["exit_code"])


def _request(app: str, after: int) -> dict[str, Any]:
    return {"verb": "converge", "app": app, "who": who(), "after": after}


def _say(ended: Mapping[str, Any], printer: Printer) -> None:
    if ended.get("text") and ended.get("outcome") not in ("failed", "live"):
        printer.show(console.result(str(ended["text"]), str(ended.get("hint") or "")))
