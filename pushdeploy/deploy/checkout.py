"""Checkout: a commit becomes a slug, made by a child process that runs as the receiver."""

from __future__ import annotations

import json
from typing import Any

from pushdeploy import errors
from pushdeploy.deploy.host import Host
from pushdeploy.errors import PushdeployError, UnavailableError
from pushdeploy.events import CheckedOut, Report
from pushdeploy.model.settings import AppSettings
from pushdeploy.model.tree import Tree, parse_tree
from pushdeploy.system import command
from pushdeploy.system.command import CLEAN_PATH, Command

CHECKOUT_SECONDS = 300.0
"""A repo of hundreds of megabytes on a slow disk."""

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
    answer = ask_receiver(
        host,
        "check_out",
        repo=str(place.repo),
        slugs=str(place.slugs),
        revision=revision,
        storage=list(settings.storage),
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


def wanted_commit(host: Host, app: str, branch: str) -> str | None:
    """The commit that the deploy branch names now."""
    place = host.layout.app(app)
    answer = ask_receiver(host, "resolve", repo=str(place.repo), revision=f"refs/heads/{branch}")
    found = json.loads(answer).get("commit")
    return found if isinstance(found, str) else None


def ask_receiver(host: Host, verb: str, **request: Any) -> str:
    """Have a child process as the receiver do something; returns what it printed.

    Raises:
        PushdeployError: of the kind that the child raised.
    """
    line = Command(
        [str(host.python), "-I", "-m", "pushdeploy.deploy.receiver"],
        user=host.accounts.receiver(),
        environment={"PATH": CLEAN_PATH, "LANG": "C.UTF-8", "HOME": "/nonexistent"},
        stdin=json.dumps({"verb": verb, **request}),
    )
    output = command.attempt(line, seconds=CHECKOUT_SECONDS)
    if output.status == REFUSED:
        raise _refusal(output.stdout)
    if output.status != 0:
        raise UnavailableError(
            f"the checkout failed with status {output.status}: "
            f"{(output.stderr.strip().splitlines() or ['it printed nothing'])[-1]}",
            hint="pushdeploy doctor",
        )
    return output.stdout


def _refusal(text: str) -> PushdeployError:
    record = json.loads(text)
    kind = getattr(errors, str(record.get("kind")), PushdeployError)
    hint = record.get("hint")
    return kind(str(record.get("error")), hint=None if hint is None else str(hint))
