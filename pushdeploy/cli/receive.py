"""A push: the wrapper around `git receive-pack`, and the two hooks within it. Imports little.

The wrapper runs on every push, also when nothing is new, survives a client that vanishes, and its
exit status is the push's; a post-receive hook has none of that. So the hook shows the deploy, and
the wrapper sees to it that there is one and how it ended.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pushdeploy.cli.engine_link import WHO_VARIABLE, connect, layout, who
from pushdeploy.cli.hook import WRAPPER
from pushdeploy.cli.seen_from import CONNECTION
from pushdeploy.cli.takeover import take_over
from pushdeploy.cli.watch import PatientPrinter, Printer, stderr
from pushdeploy.cli.words import DETAIL, RESULT, STEP, problem
from pushdeploy.deploy.lookup import facts, loose_commit, outcome_of_push
from pushdeploy.engine.client import GoneError, ask, prepared
from pushdeploy.errors import DeployFailedError, PushdeployError, UnavailableError
from pushdeploy.model.attempt import Outcome
from pushdeploy.model.fate import KEPT, REFUSED, STORED, Fate
from pushdeploy.model.refname import FIRST_BRANCHES, branch_of, tag_of
from pushdeploy.model.text import quoted
from pushdeploy.system.command import start
from pushdeploy.system.git_locks import writing
from pushdeploy.system.own_limits import hold_to_limits
from pushdeploy.system.repo_owner import is_own, is_readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pushdeploy.model.push import PushPlan, RefUpdate

APP = "PUSHDEPLOY_APP"
AFTER = "PUSHDEPLOY_AFTER"
BRANCH = "PUSHDEPLOY_BRANCH"
LIVE = "PUSHDEPLOY_LIVE"
FIRST = "PUSHDEPLOY_FIRST"
ENGINE = "PUSHDEPLOY_ENGINE"
NOTE = "PUSHDEPLOY_NOTE"
"""What the wrapper tells the hooks. The last two are descriptors: of an engine that is ready, and
of a pipe on which the wrapper hears what becomes of the push."""

NOTES_LIMIT = 1000
"""Bytes; there are a few words at most."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a push goes."""

    app: str
    repo: Path
    first: str
    """The name of a first push's own repo; empty when the app is there."""
    branch: str
    after: int
    """The newest attempt's number before the push."""
    live: str

    def request(self, pushed: str) -> dict[str, Any]:
        """What the engine is asked for."""
        asked = {"verb": "converge", "app": self.app, "who": who(), "after": self.after}
        return {**asked, "pushed": pushed, **({"first": self.first} if self.first else {})}


def receive(app: str, hooks: str, ready: socket.socket | None = None) -> int:
    """Receive a push to an app and make it live; returns the exit status of the push.

    `ready` is an engine that was called already.
    """
    hold_to_limits()
    place = layout().app(app)
    if not is_own(place.repo) or not is_readable(place.attempts):
        _set_owners_right(app)
    found = facts(place)
    if found is not None:
        target = Target(app, place.repo, "", found.branch, found.newest, found.live)
        return _receive(target, hooks, ready)
    from pushdeploy.deploy.first_push import first_push  # noqa: PLC0415 - once in an app's life

    with ExitStack() as opened:
        folder = layout().first_pushes
        try:
            repo = opened.enter_context(first_push(folder))
        except UnavailableError as error:
            from pushdeploy.cli.full_disk import told_of_disk  # noqa: PLC0415 - hardly ever

            stderr().show(told_of_disk(folder.parent, error.message))
            return error.exit_code
        return _receive(Target(app, repo, repo.name, "", 0, ""), hooks, ready)


def _receive(target: Target, hooks: str, ready: socket.socket | None) -> int:
    from pushdeploy.deploy.receive import receive_pack  # noqa: PLC0415 - the hook needs the rest

    hears, note = os.pipe()
    with ready or prepared(connect()) as engine, writing(target.repo) as repo:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        told = {
            WRAPPER: str(theirs.fileno()),
            APP: target.app,
            AFTER: str(target.after),
            BRANCH: target.branch,
            LIVE: target.live,
            FIRST: target.first,
            ENGINE: str(engine.fileno()),
            NOTE: str(note),
            WHO_VARIABLE: who(),
            CONNECTION: os.environ.get(CONNECTION, ""),
        }
        inherited = (engine.fileno(), note, theirs.fileno(), repo)
        before = _last_received(target.repo)
        line = receive_pack(str(target.repo), hooks, told, *inherited)
        git = start(line, stdin=0)
        theirs.close()
        _import_what_hooks_need()
        take_over(ours, {"pre-receive": pre_receive, "post-receive": post_receive})
        received = git.wait()
        fate = Fate(_noted(hears), received, received_objects=_last_received(target.repo) != before)
    due = fate.calls_for_deploy(_tip(target))
    if not fate.was_taken(due=due) and (said := _disk_says(target.repo, fate)):
        stderr().show(said)
        return received or UnavailableError.exit_code
    if not due or (target.first and not fate.commit):
        return received
    return _settle(target, fate.commit, stderr() if fate.commit else RetryPrinter()) or received


def _disk_says(repo: Path, fate: Fate) -> list[str]:
    """What to add to git's own words, when it had no room for what was pushed."""
    from pushdeploy.cli.full_disk import told_of_disk, unwritable  # noqa: PLC0415 - hardly ever

    reason = unwritable(repo)
    return told_of_disk(repo, reason) if reason or not fate.is_up_to_date else []


def _import_what_hooks_need() -> None:
    """While git receives."""
    import pushdeploy.cli.console  # noqa: PLC0415
    import pushdeploy.deploy.receive  # noqa: F401, PLC0415


def _set_owners_right(app: str) -> None:
    """Have the engine do it, and say what somebody had done by hand."""
    did = ask(connect(), {"verb": "receive", "app": app, "who": who()})["did"]
    stderr().show([f"{STEP}Setting owners right", *(f"{DETAIL}{line}" for line in did)])


def _last_received(repo: Path) -> int:
    """Changes when a push brings objects: git keeps them in a folder here till it has seen them."""
    try:
        return os.stat(repo / "objects").st_mtime_ns  # noqa: PTH116
    except FileNotFoundError:  # the app was made of it
        return 0


def _noted(hears: int) -> list[str]:
    """What the hooks have said."""
    os.set_blocking(hears, False)
    try:
        return os.read(hears, NOTES_LIMIT).decode().split()
    except BlockingIOError:
        return []


def _note(*words: str) -> None:
    os.write(int(os.environ[NOTE]), " ".join([*words, ""]).encode())


def _tip(target: Target) -> str | None:
    """The commit of the branch that is, or will be, the deploy branch."""
    known = facts(layout().app(target.app)) if target.first else None
    branch = known.branch if known else target.branch
    repo = layout().app(target.app).repo if known else target.repo
    names = [branch] if branch else FIRST_BRANCHES
    found = next((one for name in names if (one := loose_commit(repo, name))), None)
    return found or ("" if target.first else None)  # a first push has no packed refs


def pre_receive() -> int:
    """Refuse a push early and readably; nothing is stored then."""
    from pushdeploy.deploy.receive import check_push  # noqa: PLC0415 - this hook alone needs it

    branch = os.environ.get(BRANCH, "")
    printer = PatientPrinter(1)
    try:
        plan = check_push(sys.stdin.read(), branch, os.environ.get(LIVE, ""))
    except PushdeployError as error:
        printer.show(problem(error.message, error.hint))
        _note(REFUSED)
        return 1
    if plan.refused:
        printer.show(_others_refused(plan))
    _note(plan.deployed.new if plan.deployed else KEPT)
    return 0


def _others_refused(plan: PushPlan) -> Iterator[str]:
    """What git is about to refuse by its own words, which say nothing."""
    from pushdeploy.model.push import named  # noqa: PLC0415 - hardly ever

    branch = branch_of(plan.deployed.ref) if plan.deployed else ""
    return problem(
        f"`{branch}` is deployed. Refused, as other branches are not kept: {named(plan.refused)}",
        f"git push production {branch} pushes it alone",
    )


def post_receive() -> int:
    """Show the deploy of what was pushed."""
    from pushdeploy.model.push import parse_updates  # noqa: PLC0415 - imported by the wrapper

    target = _target_of_hook()
    stored = parse_updates(sys.stdin.read())
    deployed = next((one for one in stored if branch_of(one.ref) in _deployable(target)), None)
    if deployed is None:
        PatientPrinter(1).show(_kept(target, stored))
        return 0
    _note(STORED)
    request = target.request(deployed.new)
    request["branch"] = branch_of(deployed.ref)
    printer = HookPrinter(1, deployed.new)
    try:
        ended = ask(_ready_engine, request, watcher=printer)
    except GoneError:
        return 0
    except PushdeployError as error:
        printer.show(problem(error.message, error.hint))
        return 1
    _say(ended, printer)
    return 0


def _target_of_hook() -> Target:
    """As the wrapper told it."""
    told = os.environ
    after, repo = int(told[AFTER]), Path.cwd()
    return Target(told[APP], repo, told.get(FIRST, ""), told.get(BRANCH, ""), after, "")


def _deployable(target: Target) -> tuple[str, ...]:
    return (target.branch,) if target.branch else FIRST_BRANCHES


def _kept(target: Target, stored: list[RefUpdate]) -> list[str]:
    """What is said of a push that brought tags alone."""
    tags = [name for one in stored if (name := tag_of(one.ref)) and not one.deletes]
    if not tags:
        return []
    what = f"the tag {quoted(tags[0])}" if len(tags) == 1 else f"{len(tags)} tags"
    hint = f"{DETAIL}To deploy it: pushdeploy deploy {tags[0]} --app {target.app}"
    said = [f"{RESULT}Keeping {what}; nothing is deployed, as a push deploys a branch"]
    return said + ([hint] if re.fullmatch(r"[\w./+-]+", tags[0], re.ASCII) else [])


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


def _settle(target: Target, pushed: str, printer: Printer) -> int:
    """Whatever happened to the hook: learn how the deploy ended, or start the one that is due."""
    place = layout().app(target.app)
    known = facts(place)
    branch = known.branch if known else ""
    attempt = outcome_of_push(place, branch, target.after, pushed) if known else None
    if attempt is not None:
        return 0 if attempt.outcome is Outcome.LIVE else DeployFailedError.exit_code
    try:
        ended = ask(connect(), target.request(pushed), watcher=printer)
    except GoneError:
        return 1
    except PushdeployError as error:
        printer.show(problem(error.message, error.hint))
        return error.exit_code
    told_by_hook = ended["outcome"] == "learned" and ended["exit_code"] != 0
    if ended["outcome"] != "nothing" and not told_by_hook:
        _say(ended, printer)
    return int(ended["exit_code"])


def _say(ended: Mapping[str, Any], printer: Printer) -> None:
    if failure := ended.get("failure"):
        printer.event({"event": "attempt.failed", **failure})
    else:
        printer.end(ended)
