"""What a push brings, ref by ref: what of it is deployed, kept, or refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.refname import (
    FIRST_BRANCHES,
    branch_of,
    is_deployable_first_branch,
    parse_branch_name,
    push_command,
    tag_of,
)
from pushdeploy.model.text import quoted

MOST_REFS = 5000
"""Refs in one push: each is a file, and a hook is run for it."""

_HEADS = "refs/heads/"

SHOWN_REFS = 4
"""Refused refs that are named; of the others their number is told."""

ZERO = re.compile(r"0+")
"""Where git says that a ref was not there, or shall not be."""


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """One line of what git tells its hooks (githooks(5))."""

    old: str
    new: str
    ref: str

    @property
    def deletes(self) -> bool:
        """True when the ref shall go."""
        return ZERO.fullmatch(self.new) is not None


@dataclass(frozen=True, slots=True)
class PushPlan:
    """What becomes of the refs of a push that is taken."""

    deployed: RefUpdate | None
    """That of the deploy branch; `None` when the push brings tags alone."""
    refused: tuple[RefUpdate, ...] = ()
    """What git refuses one by one, while the rest is taken."""


def parse_updates(text: str) -> list[RefUpdate]:
    """The updates of a push.

    Args:
        text: one `old new ref` line per updated ref.
    """
    return [RefUpdate(*line.split(" ", 2)) for line in text.splitlines()]


def plan_push(updates: list[RefUpdate], branch: str, new: str = "") -> PushPlan:
    """Decide about each ref: the deploy branch is deployed, tags are kept, the rest is refused.

    A push that brings other branches and not the deploy branch is refused as a whole.

    Args:
        updates: the refs.
        branch: the deploy branch; empty before the first push.
        new: the app that the push would make; empty when it is there.

    Raises:
        RefusedInputError: nothing of the push is taken; with the command that would work.
    """
    wanted = branch or _first_branch(updates)
    if len(updates) > MOST_REFS:
        raise RefusedInputError(
            f"the push contains {len(updates)} refs, more than the {MOST_REFS} allowed at once",
            hint=f"git push --no-follow-tags production {wanted or FIRST_BRANCHES[0]}",
        )
    _refuse_namesake(updates, branch)
    deployed = next((one for one in updates if branch_of(one.ref) == wanted), None)
    rest = [one for one in updates if one is not deployed and tag_of(one.ref) is None]
    if deployed is not None:
        if deployed.deletes:
            raise RefusedInputError(
                f"{quoted(wanted)} can't be deleted: it is the deploy branch",
                hint="pushdeploy git:set deploy-branch NAME chooses another branch first",
            )
        parse_branch_name(wanted)
    elif rest:
        raise _refusal(rest[0], branch, new)
    elif not branch:
        raise RefusedInputError(
            "the push contains only tags, and nothing has been deployed yet",
            hint=push_command(branch),
        )
    return PushPlan(deployed, tuple(rest))


def refused_tag(name: str, branch: str) -> RefusedInputError:
    """Why a tag can't be what a branch names.

    Args:
        name: what the tag calls itself: anything.
        branch: the branch that was pushed.
    """
    tag = _shown(name) if _shown(name) == name else "TAG"
    return RefusedInputError(
        f"{quoted(name)} is an annotated tag; a branch can name only a commit",
        hint=f"git push production '{tag}^{{}}:{_HEADS}{branch}'",
    )


def refused_shallow(commit: str) -> RefusedInputError:
    """Why a commit without its history is not taken."""
    return RefusedInputError(
        f"the push comes from a shallow clone: the history of {commit[:8]} is not complete there",
        hint="git fetch --unshallow, then push again; in CI, check out with fetch-depth: 0",
    )


def _refuse_namesake(updates: list[RefUpdate], branch: str) -> None:
    """A tag called as the deploy branch is: `git push production main` would not know which.

    git itself makes one of `git push production v1.0:main`, when there is no `main` here yet.
    """
    names = (branch,) if branch else FIRST_BRANCHES
    for one in updates:
        name = tag_of(one.ref)
        if name in names and not one.deletes:
            raise RefusedInputError(
                f"git made that a tag called `{name}`, which only the deploy branch may be called",
                hint=f"git push production 'TAG^{{}}:{_HEADS}{name}'",
            )


def named(updates: tuple[RefUpdate, ...]) -> str:
    """The refs of a message: `a`, `b` and 12 more."""
    names = [quoted(branch_of(one.ref) or one.ref) for one in updates[:SHOWN_REFS]]
    more = len(updates) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _first_branch(updates: list[RefUpdate]) -> str:
    """The branch that a first push makes the deploy branch; empty when it brings none of them."""
    pushed = {branch_of(one.ref) for one in updates if not one.deletes}
    return next((name for name in FIRST_BRANCHES if name in pushed), "")


def _refusal(update: RefUpdate, branch: str, new: str) -> RefusedInputError:
    """Why a push without the deploy branch is refused."""
    name = branch_of(update.ref)
    wanted = branch or FIRST_BRANCHES[0]
    if name is None:
        return RefusedInputError(
            f"{quoted(update.ref)} is neither a branch nor a tag; `{wanted}` is deployed",
            hint=push_command(wanted),
        )
    if update.deletes:
        return RefusedInputError(
            f"{quoted(name)} can't be deleted: the server keeps only the deploy branch",
            hint=push_command(wanted),
        )
    choose = f"git push production {_shown(name)}:{wanted}"
    if _shown(name) == name:
        create = f"pushdeploy apps:create {new}; " if new else ""
        choose += f", or from now on: {create}pushdeploy git:set deploy-branch {name}"
    if branch:
        message = f"{quoted(name)} is not deployed; the deploy branch is `{branch}`"
    elif is_deployable_first_branch(name):  # a deletion was the only update of it
        message = f"{quoted(name)} contains nothing to deploy"
    else:
        message = f"the first push sets the deploy branch, `main` or `master`, not {quoted(name)}"
    return RefusedInputError(message, hint=choose)


def _shown(name: str) -> str:
    return name if re.fullmatch(r"[\w./+-]+", name, re.ASCII) and name[0] != "-" else "HEAD"
