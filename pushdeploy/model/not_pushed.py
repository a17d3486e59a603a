"""What a push does not bring, and the commands after which it does: submodules and Git LFS."""

from __future__ import annotations

import re
import shlex

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.text import quoted

MOST_PATTERNS = 4
_LFS = re.compile(r"^[ \t]*(?!#)(\S+)[ \t][^\n]*\bfilter=lfs\b", re.MULTILINE)


def refused_submodule(path: str, *, declared: bool) -> RefusedInputError:
    """The refusal of a folder whose content is another repo's.

    Args:
        path: of the folder.
        declared: there is a `.gitmodules`; else somebody added a repo by accident.
    """
    name = shlex.quote(path)
    if not re.fullmatch(r"[\w./+ -]+", path):
        return RefusedInputError(
            f"{quoted(path)} is a submodule, and a push does not include its content",
            hint="commit its files themselves, then push again",
        )
    taken_in = f"git rm -q --cached {name} && git add {name} && git commit -m 'Take its files in'"
    if declared:
        return RefusedInputError(
            f"{quoted(path)} is a submodule, and a push does not include its content",
            hint=f"git submodule update --init {name} && rm {name}/.git && {taken_in}",
        )
    inner = shlex.quote(f"../{path.rpartition('/')[2]}.git")
    return RefusedInputError(
        f"{quoted(path)} is a git repo of its own, and a push does not include its content",
        hint=f"mv {name}/.git {inner}; {taken_in}",
    )


def refuse_lfs(attributes: str) -> None:
    """Refuse a tree that keeps files in Git LFS.

    Args:
        attributes: its `.gitattributes`.
    """
    patterns = _LFS.findall(attributes)
    if not patterns:
        return
    names = " ".join(map(shlex.quote, patterns))
    kept = "git add --renormalize . && git commit -m 'Keep all files in git itself'"
    plain = len(patterns) <= MOST_PATTERNS and all(re.fullmatch(r"[!-~]+", one) for one in patterns)
    raise RefusedInputError(
        "`.gitattributes` keeps files in Git LFS, and a push does not include their content",
        hint=f"git lfs pull && git lfs untrack {names} && {kept}"
        if plain
        else f"git lfs pull; remove the lines with filter=lfs from .gitattributes; {kept}",
    )
