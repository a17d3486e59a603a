"""A push: the wrapper around `git receive-pack`, and the two hooks within it. Imports little.

The wrapper runs on every push, also when nothing is new, survives a client that vanishes, and its
exit status is the push's; a post-receive hook has none of that. So the hook shows the deploy, and
the wrapper sees to it that there is one and how it ended.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING, Any

from pushdeploy.cli.engine_link import WHO_VARIABLE, connect, layout, who
from pushdeploy.cli.hook import WRAPPER
from pushdeploy.cli.takeover import take_over
from pushdeploy.cli.watch import PatientPrinter, Printer, stderr
from pushdeploy.cli.words import STEP, problem
from pushdeploy.deploy.lookup import Facts, facts, outcome_of_push
from pushdeploy.engine.client import GoneError, ask, prepared
from pushdeploy.errors import DeployFailedError, PushdeployError
from pushdeploy.model.attempt import Outcome
from pushdeploy.system.command import start
from pushdeploy.system.git_locks import writing

if TYPE_CHECKING:
    from collections.abc import Mapping

APP = "PUSHDEPLOY_APP"
AFTER = "PUSHDEPLOY_AFTER"
BRANCH = "PUSHDEPLOY_BRANCH"
LIVE = "PUSHDEPLOY_LIVE"
ENGINE = "PUSHDEPLOY_ENGINE"
NOTE = "PUSHDEPLOY_NOTE"
"""What the wrapper tells the hooks. The last two are descriptors: of an engine that is ready, and
of a pipe on which the wrapper hears which commit the push brings."""

REFUSED = "refused"
"""What the wrapper hears when `pre-receive` took nothing."""


def receive(app: str, hooks: str, ready: socket.socket | None = None) -> int:
    """Receive a push to an app and make it live; returns the exit status of the push.

    `ready` is an engine that was called already.
    """
    from pushdeploy.deploy.receive import receive_pack  # noqa: PLC0415 - the hook needs the rest

    place = layout().app(app)
    before = facts(place)
    if before is None:
        before = _made(app)
    branch, after, live = (before.branch, before.newest, before.live) if before else ("", 0, "")
    hears, note = os.pipe()
    with ready or prepared(connect()) as engine, writing(place.repo) as repo:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        told = {
            WRAPPER: str(theirs.fileno()),
            APP: app,
            AFTER: str(after),
            BRANCH: branch,
            LIVE: live,
            ENGINE: str(engine.fileno()),
            NOTE: str(note),
            WHO_VARIABLE: who(),
        }
        inherited = (engine.fileno(), note, theirs.fileno(), repo)
        line = receive_pack(str(place.repo), hooks, told, *inherited)
        git = start(line, stdin=0)
        theirs.close()
        _import_what_hooks_need()
        take_over(ours, {"pre-receive": pre_receive, "post-receive": post_receive})
        received = git.wait()
    pushed = _noted(hears)
    if pushed == REFUSED:  # its reason stays the last word, and git's own answer fails the push
        return received
    return _settle(app, after, pushed, RetryPrinter() if pushed == "" else stderr()) or received


def _import_what_hooks_need() -> None:
    """While git receives."""
    import pushdeploy.cli.console  # noqa: PLC0415
    import pushdeploy.deploy.receive  # noqa: F401, PLC0415


def _made(app: str) -> Facts | None:
    """Make the app of a first push; a fault of nginx is told and does not stop it."""
    try:
        ask(connect(), {"verb": "apps.create", "app": app, "who": who()})
    except PushdeployError as error:
        found = facts(layout().app(app))
        if found is None:
            raise
        stderr().show(problem(error.message, error.hint))
        return found
    return facts(layout().app(app))


def _noted(hears: int) -> str:
    """The commit that the push brought, or `REFUSED`; empty when it brought none."""
    os.set_blocking(hears, False)
    try:
        return os.read(hears, 100).decode()
    except BlockingIOError:
        return ""


def pre_receive() -> int:
    """Refuse a push early and readably; nothing is stored then."""
    from pushdeploy.deploy.receive import check_push  # noqa: PLC0415 - this hook alone needs it

    updates = sys.stdin.read()
    try:
        check_push(updates, os.environ.get(BRANCH, ""), os.environ.get(LIVE, ""))
    except PushdeployError as error:
        PatientPrinter(1).show(problem(error.message, error.hint))
        os.write(int(os.environ[NOTE]), REFUSED.encode())
        return 1
    os.write(int(os.environ[NOTE]), updates.split()[1].encode())
    return 0


def post_receive() -> int:
    """Show the deploy of what was pushed."""
    _, pushed, ref = sys.stdin.read().split(maxsplit=2)
    request = _request(os.environ[APP], int(os.environ[AFTER]), pushed)
    request["branch"] = ref.strip().removeprefix("refs/heads/")
    printer = HookPrinter(1, pushed)
    try:
        ended = ask(_ready_engine, request, watcher=printer)
    except GoneError:
        return 0
    except PushdeployError as error:
        printer.show(problem(error.message, error.hint))
        return 1
    _say(ended, printer)
    return 0


class HookPrinter(PatientPrinter):
    """Shows the deploy that a push has started, also when a newer commit is what it deploys."""

    def __init__(self, descriptor: int, pushed: str) -> None:
        super().__init__(descriptor)
        self._pushed = pushed

    def event(self, record: Mapping[str, Any]) -> bool:
        """One event of the attempt."""
        commit = str(record.get("commit") or self._pushed)
        if record.get("event") == "attempt.started" and commit != self._pushed:
            self.show([f"{STEP}{self._pushed[:8]} is superseded by {commit[:8]}"])
        return super().event(record)


class RetryPrinter(Printer):
    """Says, when a push brought nothing and yet something is deployed, what that is."""

    def __init__(self) -> None:
        sys.stderr.flush()
        super().__init__(2)

    def event(self, record: Mapping[str, Any]) -> bool:
        """One event of the attempt."""
        if record.get("event") == "attempt.started":
            self.show([f"{STEP}This push brought nothing new: trying the branch again"])
        return super().event(record)


def _ready_engine() -> socket.socket:
    """The engine that the wrapper got ready; it serves one request."""
    return socket.socket(fileno=int(os.environ[ENGINE]))


def _settle(app: str, after: int, pushed: str, printer: Printer) -> int:
    """Whatever happened to the hook: learn how the deploy ended, or start the one that is due."""
    place = layout().app(app)
    known = facts(place)
    branch = known.branch if known else ""
    attempt = outcome_of_push(place, branch, after, pushed)
    if attempt is not None:
        return 0 if attempt.outcome is Outcome.LIVE else DeployFailedError.exit_code
    try:
        ended = ask(connect(), _request(app, after, pushed), watcher=printer)
    except GoneError:
        return 1
    except PushdeployError as error:
        printer.show(problem(error.message, error.hint))
        return error.exit_code
    told_by_hook = ended["outcome"] == "learned" and ended["exit_code"] != 0
    if ended["outcome"] != "nothing" and not told_by_hook:
        _say(ended, printer)
    return int(ended["exit_code"])


def _request(app: str, after: int, pushed: str) -> dict[str, Any]:
    return {"verb": "converge", "app": app, "who": who(), "after": after, "pushed": pushed}


def _say(ended: Mapping[str, Any], printer: Printer) -> None:
    if failure := ended.get("failure"):
        printer.event({"event": "attempt.failed", **failure})
    else:
        printer.end(ended)
