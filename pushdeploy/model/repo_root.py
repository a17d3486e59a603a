"""Which folder of a repo becomes the release, and what the repo then says for us."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.repo_settings import PLACES, RepoSettings, parse_repo_settings, to_table
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable


def rooted(read: Callable[[str], str | None], chosen: str) -> tuple[str, RepoSettings]:
    """The folder that becomes the release, and the settings of the repo.

    The folder's own files say the rest; those of the whole repo may say which folder it is.

    Args:
        read: gives a file of the whole repo by its path.
        chosen: the folder that somebody has set by a command; empty for none.

    Raises:
        RefusedInputError: as `parse_repo_settings` does.
    """

    def of(folder: str) -> RepoSettings:
        files = (read(f"{folder}/{file}" if folder else file) or "" for file in PLACES)
        return parse_repo_settings(*files)

    if chosen:
        return chosen, of(chosen)
    whole = of("")
    if not whole.root:
        return "", whole
    inner = of(whole.root)
    if inner.file and to_table(whole).keys() - {"root"}:
        raise RefusedInputError(
            f"both the repo and its folder `{whole.root}` have settings for pushdeploy",
            hint=f"keep only `root` in {whole.file}, and the others in `{whole.root}`",
        )
    return whole.root, replace(inner, root=whole.root) if inner.file else whole


def missing_root(root: str) -> RefusedInputError:
    """The refusal of a tree without the folder that is to become the release."""
    return RefusedInputError(
        f"the repo has no folder {quoted(root)}, which is to become the release",
        hint="name another one: pushdeploy apps:set root FOLDER",
    )
