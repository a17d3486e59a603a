"""The two hooks within `git receive-pack`: refuse early, and show the deploy. Imports little."""

from __future__ import annotations

import os
import re
import socket
import sys
from typing import TYPE_CHECKING, Any

from pushdeploy.cli.engine_link import connect, who
from pushdeploy.cli.style import DETAIL, RESULT, STEP, problem, typed
from pushdeploy.cli.watch import PatientPrinter
from pushdeploy.engine.client import GoneError, ask
from pushdeploy.errors import LostEngineError, PushdeployError
from pushdeploy.model.fate import KEPT, REFUSED, STORED
from pushdeploy.model.refname import FIRST_BRANCHES, branch_of, push_command, tag_of
from pushdeploy.model.text import quoted
from pushdeploy.model.typed_command import name_app
from pushdeploy.push.destination import (
    APP,
    BRANCH,
    ENGINE,
    FIRST,
    LIVE,
    ROOT,
    Destination,
    destination_of_hook,
    note,
    note_told,
)
from pushdeploy.push.outcome import say_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pushdeploy.model.push import PushPlan, RefUpdate


def pre_receive() -> int:
    """Refuse a push early and readably; nothing is stored then."""
    from pushdeploy.push.pre_receive import check_push  # this hook alone needs it

    branch = os.environ.get(BRANCH, "")
    new = os.environ[APP] if os.environ.get(FIRST) else ""
    printer = PatientPrinter(1)
    try:
        live, root = os.environ.get(LIVE, ""), os.environ.get(ROOT, "")
        plan = check_push(sys.stdin.read(), branch, live, new, root)
        if plan.deployed and new:
            _see_that_app_can_be_made()
    except PushdeployError as error:
        name_app(error, os.environ.get(APP))
        printer.show(problem(error.message, error.hint))
        note(REFUSED)
        return 1
    if plan.refused:
        printer.show(_others_refused(plan))
    note(plan.deployed.new if plan.deployed else KEPT)
    return 0


def _see_that_app_can_be_made() -> None:
    """What git has stored, it has told the person to be there."""
    from pushdeploy.engine.verbs.apps import check  # once in an app's life

    ask(connect(), check(os.environ[APP]), who=who())


def _others_refused(plan: PushPlan) -> Iterator[str]:
    """What git is about to refuse by its own words, which say nothing."""
    from pushdeploy.model.push import named  # hardly ever

    branch = (branch_of(plan.deployed.ref) if plan.deployed else None) or ""
    return problem(
        f"`{branch}` is deployed. Refused, as other branches are not kept: {named(plan.refused)}",
        f"{push_command(branch)} pushes it alone",
    )


def post_receive() -> int:
    """Show the deploy of what was pushed."""
    from pushdeploy.model.push import parse_updates  # imported by the wrapper

    destination = destination_of_hook()
    stored = parse_updates(sys.stdin.read())
    deployed = next((one for one in stored if branch_of(one.ref) in _deployable(destination)), None)
    if deployed is None:
        PatientPrinter(1).show(_kept(destination, stored))
        return 0
    note(STORED)
    request = destination.request(deployed.new, branch_of(deployed.ref) or "")
    printer = HookPrinter(1, deployed.new)
    try:
        ended = ask(_ready_engine, request, who=who(), watcher=printer)
    except GoneError:
        return 0
    except LostEngineError:  # the wrapper asks another one
        return 1
    except PushdeployError as error:
        printer.show(problem(error.message, error.hint))
        note_told(error.exit_code)
        return 1
    say_end(ended, printer)
    note_told(ended.exit_code)
    return 0


def _deployable(destination: Destination) -> tuple[str, ...]:
    return (destination.branch,) if destination.branch else FIRST_BRANCHES


def _kept(destination: Destination, stored: list[RefUpdate]) -> list[str]:
    """What is said of a push that brought tags alone."""
    tags = [name for one in stored if (name := tag_of(one.ref)) and not one.deletes]
    if not tags:
        return []
    what = f"the tag {quoted(tags[0])}" if len(tags) == 1 else f"{len(tags)} tags"
    hint = DETAIL + typed(f"To deploy it: pushdeploy deploy {tags[0]} --app {destination.app}")
    said = [f"{RESULT}Keeping {what}; nothing is deployed, as only a branch is deployed"]
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


def _ready_engine() -> socket.socket:
    """The engine that the wrapper got ready; it serves one request."""
    return socket.socket(fileno=int(os.environ[ENGINE]))
