"""Names of git's refs and branches."""

from __future__ import annotations

import re

from pushdeploy.errors import UsageError
from pushdeploy.model.text import quoted

LONGEST_BRANCH = 200
"""Characters: git keeps a ref as a file, whose name has at most 255 bytes with `.lock`."""

FIRST_BRANCHES = ("main", "master")
"""A first push of one of these makes it the branch to deploy."""

KEPT_REFS = "refs/pushdeploy"
"""Refs of ours, that nobody sees: they keep the commits of retained releases in the repo."""

_HEADS = "refs/heads/"
_TAGS = "refs/tags/"
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+@#-]*(/[A-Za-z0-9_][A-Za-z0-9._+@#-]*)*")


DEPLOY_BRANCH = "deploy-branch"
"""What `git:set` sets."""


def branch_of(ref: str) -> str | None:
    """`topic/a` for `refs/heads/topic/a`; None for a tag and every other ref."""
    name = ref.removeprefix(_HEADS)
    return name if name and ref.startswith(_HEADS) else None


def tag_of(ref: str) -> str | None:
    """`v1.2` for `refs/tags/v1.2`; None for a branch and every other ref."""
    name = ref.removeprefix(_TAGS)
    return name if name and ref.startswith(_TAGS) else None


def push_command(branch: str) -> str:
    """What is typed to push the deploy branch; `main` stands for one that is not chosen yet."""
    return f"git push production {branch or FIRST_BRANCHES[0]}"


def is_deployable_first_branch(name: str) -> bool:
    """Whether a first push of this branch makes it the one to deploy: `main` or `master`."""
    return name in FIRST_BRANCHES


def parse_branch_name(text: str) -> str:
    """The text itself, when it is a branch's name; stricter than git, which allows any script.

    Args:
        text: Parts joined by `/`, each of ASCII letters, digits and `._+@#-`, beginning with a
            letter, a digit or `_`.

    Raises:
        UsageError: It is not such a name, or git itself refuses it (git-check-ref-format(1)).
    """
    refused_by_git = (
        len(text) > LONGEST_BRANCH
        or text == "HEAD"
        or ".." in text
        or any(part.endswith((".", ".lock")) for part in text.split("/"))
    )
    if refused_by_git or not _BRANCH.fullmatch(text):
        raise UsageError(
            f"{quoted(text)} can't be a deploy branch",
            hint="use a name such as `main` or `release/2026`",
        )
    return text


def parse_git_setting(text: str) -> str:
    """The text itself, when `git:set` knows it.

    Raises:
        UsageError: It does not.
    """
    if text != DEPLOY_BRANCH:
        raise UsageError(
            f"git:set does not know {quoted(text)}", hint=f"pushdeploy git:set {DEPLOY_BRANCH} main"
        )
    return text
