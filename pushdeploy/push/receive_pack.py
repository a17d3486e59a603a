"""A push: the wrapper around `git receive-pack`. Imports little.

It runs on every push, also when nothing is new, survives a client that vanishes, and its exit
status is the push's; a post-receive hook has none of that. So the hook shows the deploy and notes
that it has, and the wrapper sees to it that there is one when it has not.
"""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

from pushdeploy.cli.engine_link import WHO_VARIABLE, connect, layout, of_person, who
from pushdeploy.cli.seen_from import CONNECTION
from pushdeploy.cli.style import DETAIL, STEP
from pushdeploy.cli.watch import stderr
from pushdeploy.engine.client import ask
from pushdeploy.engine.connection import prepared
from pushdeploy.errors import UnavailableError
from pushdeploy.model.fate import Fate
from pushdeploy.model.refname import FIRST_BRANCHES
from pushdeploy.push.destination import ENGINE, NOTE, Destination, noted
from pushdeploy.push.hook_client import WRAPPER
from pushdeploy.push.hook_server import take_over
from pushdeploy.push.hooks import post_receive, pre_receive
from pushdeploy.push.outcome import RetryPrinter, outcome_of
from pushdeploy.records.reader import facts, loose_commit
from pushdeploy.system.command import start
from pushdeploy.system.git_locks import writing
from pushdeploy.system.git_program import receive_pack
from pushdeploy.system.own_limits import hold_to_limits
from pushdeploy.system.repo_owner import is_own, is_readable

if TYPE_CHECKING:
    from pathlib import Path


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
        destination = Destination(
            app, place.repo, "", found.branch, found.newest, found.live, found.root
        )
        return _receive(destination, hooks, ready)
    from pushdeploy.apps.first_push import first_push  # once in an app's life

    with ExitStack() as opened:
        folder = layout().first_pushes
        try:
            repo = opened.enter_context(first_push(folder))
        except UnavailableError as error:
            from pushdeploy.push.full_disk import told_of_disk  # hardly ever

            stderr().show(told_of_disk(folder.parent, error.message))
            return error.exit_code
        return _receive(Destination(app, repo, repo.name, "", 0, ""), hooks, ready)


def _receive(destination: Destination, hooks: str, ready: socket.socket | None) -> int:
    with ready or prepared(connect()) as engine:
        fate = _received(destination, hooks, engine)
    if fate.told is not None:
        return fate.told or fate.status
    due = fate.calls_for_deploy(_tip(destination))
    if not fate.was_taken(due=due) and (said := _disk_says(destination.repo, fate)):
        stderr().show(said)
        return fate.status or UnavailableError.exit_code
    if not due or (destination.first and not fate.commit):
        return fate.status
    printer = stderr() if fate.commit else RetryPrinter()
    return outcome_of(destination, fate.commit, printer) or fate.status


def _received(destination: Destination, hooks: str, engine: socket.socket) -> Fate:
    """Have git receive it, and be its hooks meanwhile."""
    hears, says = os.pipe()
    with writing(destination.repo) as repo:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        told = destination.variables() | {
            WRAPPER: str(theirs.fileno()),
            ENGINE: str(engine.fileno()),
            NOTE: str(says),
            WHO_VARIABLE: who(),
            CONNECTION: os.environ.get(CONNECTION, ""),
            **of_person(),
        }
        inherited = (engine.fileno(), says, theirs.fileno(), repo)
        before = _last_received(destination.repo)
        line = receive_pack(str(destination.repo), hooks, told, *inherited)
        git = start(line, stdin=0)
        theirs.close()
        _import_what_hooks_need()
        take_over(ours, {"pre-receive": pre_receive, "post-receive": post_receive})
        status = git.wait()
        return Fate(
            noted(hears), status, received_objects=_last_received(destination.repo) != before
        )


def _disk_says(repo: Path, fate: Fate) -> list[str]:
    """What to add to git's own words, when it had no room for what was pushed."""
    from pushdeploy.push.full_disk import told_of_disk, unwritable  # hardly ever

    reason = unwritable(repo)
    return told_of_disk(repo, reason) if reason or not fate.is_up_to_date else []


def _import_what_hooks_need() -> None:
    """While git receives."""
    import pushdeploy.cli.console
    import pushdeploy.engine.verbs.converge  # noqa: F401


def _set_owners_right(app: str) -> None:
    """Have the engine do it, and say what somebody had done by hand."""
    from pushdeploy.engine.verbs.git import fetch  # hardly ever

    did = ask(connect(), fetch(app), who=who()).did
    stderr().show([f"{STEP}Fixing owners", *(f"{DETAIL}{line}" for line in did)])


def _last_received(repo: Path) -> int:
    """Changes when a push brings objects: git keeps them in a folder here till it has seen them."""
    try:
        return os.stat(repo / "objects").st_mtime_ns  # noqa: PTH116
    except FileNotFoundError:  # the app was made of it
        return 0


def _tip(destination: Destination) -> str | None:
    """The commit of the branch that is, or will be, the deploy branch."""
    known = facts(layout().app(destination.app)) if destination.first else None
    branch = known.branch if known else destination.branch
    repo = layout().app(destination.app).repo if known else destination.repo
    names = [branch] if branch else FIRST_BRANCHES
    found = next((one for name in names if (one := loose_commit(repo, name))), None)
    return found or ("" if destination.first else None)  # a first push has no packed refs
