"""Receive: what a push may bring, seen before anything of it is stored. Imports little.

Runs as the git user inside `git receive-pack`, with the new objects in quarantine (githooks(5)).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pushdeploy.build.tree_check import check_tree
from pushdeploy.errors import RefusedInputError
from pushdeploy.model.push import (
    PushPlan,
    RefUpdate,
    parse_updates,
    plan_push,
    refused_shallow,
    refused_tag,
)
from pushdeploy.model.refname import branch_of
from pushdeploy.model.size import format_size
from pushdeploy.system.git_object import TAG, has_whole_history, is_child_of, kind_of, tag_name
from pushdeploy.system.git_program import Git

DISK_RESERVE = 128 << 20
"""Bytes that must stay free beside a checkout of the tree."""

HERE = Git()
"""In the repo and the quarantine that git gives its hook."""


def check_push(
    updates: str, branch: str, live: str = "", new: str = "", root: str = ""
) -> PushPlan:
    """Decide about each ref of a push, and refuse what can't be deployed.

    Args:
        updates: one `old new ref` line per updated ref.
        branch: the deploy branch; empty before the first push.
        live: the commit that is live; empty when nothing is.
        new: the app that the push would make; empty when it is there.
        root: the folder that becomes the release, if somebody has set it.

    Raises:
        RefusedInputError: nothing of it is taken; with the command that would work.
    """
    plan = plan_push(parse_updates(updates), branch, new)
    if plan.deployed is not None:
        _refuse_tag(plan.deployed)
        _refuse_shallow(plan.deployed)
        _refuse_full_disk(check_tree(HERE, plan.deployed.new, live, root, new))
    return plan


def _refuse_tag(update: RefUpdate) -> None:
    """A branch names a commit; git refuses a tag only later, and without a word about it."""
    if kind_of(HERE, update.new) == TAG:
        raise refused_tag(tag_name(HERE, update.new), branch_of(update.ref) or "")


def _refuse_shallow(update: RefUpdate) -> None:
    """git refuses it later, by words that say nothing to whoever did not choose a shallow clone."""
    if not is_child_of(update.new, update.old) and not has_whole_history(HERE, update.new):
        raise refused_shallow(update.new)


def _refuse_full_disk(size: int) -> None:
    free = shutil.disk_usage(Path.cwd()).free
    if size + DISK_RESERVE > free:
        raise RefusedInputError(
            f"the push needs {format_size(size)} on disk and the server has "
            f"{format_size(free)} free, of which {format_size(DISK_RESERVE)} are kept",
            hint="df -h on the server; pushdeploy releases shows what is kept",
        )
