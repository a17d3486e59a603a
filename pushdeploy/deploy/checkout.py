"""Checkout: a commit becomes a slug, made by a child process that runs as the receiver."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pushdeploy import errors
from pushdeploy.deploy.journal import Journal, read_release_or_none
from pushdeploy.errors import PushdeployError, UnavailableError
from pushdeploy.events import CheckedOut, Report
from pushdeploy.model.tree import Tree, parse_tree
from pushdeploy.system import command, faults
from pushdeploy.system.command import CLEAN_PATH, Command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pushdeploy.deploy.host import Host
    from pushdeploy.model.settings import AppSettings

CHECKOUT_SECONDS = 300.0
"""A repo of hundreds of megabytes on a slow disk."""

ANSWER_LIMIT = 64 << 20
"""Bytes: a Procfile, an app.json and all requirements files, as JSON, each up to a mebibyte."""

REFUSED = 3
"""The receiver's exit status for a tree that can't be deployed."""


def checkout(host: Host, app: str, revision: str, settings: AppSettings, report: Report) -> Tree:
    """Check a revision out and say what it holds.

    Raises:
        RefusedInputError: the tree can't be deployed.
        NotFoundError: there is no such revision.
    """
    began = host.monotonic()
    place = host.layout.app(app)
    answer = host.receiver.ask(
        "check_out",
        repo=str(place.repo),
        slugs=str(place.slugs),
        revision=revision,
        storage=list(settings.storage),
        former=_former(Journal(place)),
    )
    tree = parse_tree(answer)
    report(
        CheckedOut(
            commit=tree.commit.id,
            subject=tree.commit.subject,
            reused=tree.reused,
            seconds=host.monotonic() - began,
        )
    )
    return tree


def _former(journal: Journal) -> dict[str, Any] | None:
    """What the receiver may take unchanged files from: the live release's slug."""
    live = journal.live()
    release = None if live is None else read_release_or_none(journal, live)
    if release is None:
        return None
    return {"commit": release.commit.id, "slug": release.slug}


def wanted_commit(host: Host, app: str, branch: str) -> str | None:
    """The commit that the deploy branch names now."""
    place = host.layout.app(app)
    answer = host.receiver.ask("resolve", repo=str(place.repo), revision=f"refs/heads/{branch}")
    found = json.loads(answer).get("commit")
    return found if isinstance(found, str) else None


class Receiver:
    """Asks child processes that run as the receiver, one for each question.

    `prepare` starts the first one early: its imports take longer than its work.
    """

    def __init__(self, python: Path, user: str | None) -> None:
        self.meanwhile: Callable[[], None] | None = None
        """What the engine can do while the first child works."""
        self._command = Command(
            [str(python), "-I", "-m", "pushdeploy.deploy.receiver"],
            user=user,
            environment={
                "PATH": CLEAN_PATH,
                "LANG": "C.UTF-8",
                "HOME": "/nonexistent",
                **faults.asked(),
            },
        )
        self._waiting: command.Waiting | None = None

    def prepare(self) -> None:
        """Start a child that waits for its question."""
        self._waiting = self._waiting or command.start_waiting(self._command)

    def ask(self, verb: str, **request: Any) -> str:
        """Have a child do something; returns what it printed.

        Raises:
            PushdeployError: of the kind that the child raised.
        """
        self.prepare()
        waiting, self._waiting = self._waiting, None
        if waiting is None:  # pragma: no cover - `prepare` has just set it
            raise UnavailableError("no child process could be started", hint="free -m")
        question = json.dumps({"verb": verb, **request})
        meanwhile, self.meanwhile = self.meanwhile, None
        output = waiting.finish(
            question, seconds=CHECKOUT_SECONDS, limit=ANSWER_LIMIT, meanwhile=meanwhile
        )
        if output.status == REFUSED:
            raise _refusal(output.stdout)
        if output.status != 0:
            last = (output.stderr.strip().splitlines() or ["it printed nothing"])[-1]
            raise UnavailableError(
                f"the checkout failed with status {output.status}: {last}",
                hint="push again; journalctl -u 'pushdeploy.engine@*'",
            )
        return output.stdout


def _refusal(text: str) -> PushdeployError:
    record = json.loads(text)
    kind = getattr(errors, str(record.get("kind")), PushdeployError)
    hint = record.get("hint")
    return kind(str(record.get("error")), hint=None if hint is None else str(hint))
