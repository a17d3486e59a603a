"""Checkout: a commit becomes a slug, made by a child process that runs as the git user."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pushdeploy.events import CheckedOut, Report
from pushdeploy.model.static_mount import code_folders
from pushdeploy.model.tree import Tree, parse_tree
from pushdeploy.records.app_records import AppRecords, read_release_or_none
from pushdeploy.system.failpoints import Point, reached

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.settings import AppSettings


def checkout(
    machine: Machine, app: str, revision: str, settings: AppSettings, report: Report
) -> Tree:
    """Check a revision out and say what it holds.

    Raises:
        RefusedInputError: the tree can't be deployed.
        NotFoundError: there is no such revision.
    """
    began = machine.monotonic()
    place = machine.layout.app(app)
    answer = machine.checkout_worker.ask(
        "check_out",
        repo=str(place.repo),
        slugs=str(place.slugs),
        revision=revision,
        storage=list(settings.storage),
        root=settings.root,
        former=_former(AppRecords(place)),
        public=list(code_folders(settings.static)),
    )
    reached(Point.CHECKOUT_DONE)
    tree = parse_tree(answer)
    report(
        CheckedOut(
            commit=tree.commit.id,
            subject=tree.commit.subject,
            reused=tree.reused,
            seconds=machine.monotonic() - began,
        )
    )
    return tree


def _former(records: AppRecords) -> dict[str, Any] | None:
    """What the git user may take unchanged files from: the live release's slug."""
    live = records.live()
    release = None if live is None else read_release_or_none(records, live)
    if release is None:
        return None
    return {"commit": release.commit.id, "slug": release.checked_out}


def wanted_commit(machine: Machine, app: str, branch: str) -> str | None:
    """The commit that the deploy branch names now."""
    place = machine.layout.app(app)
    answer = machine.checkout_worker.ask(
        "resolve", repo=str(place.repo), revision=f"refs/heads/{branch}"
    )
    found = json.loads(answer).get("commit")
    return found if isinstance(found, str) else None
