"""A file of the repo that we read ourselves: plain, and not large. Imports little."""

from __future__ import annotations

from pushdeploy.errors import RefusedInputError

TEXT_LIMIT = 1 << 20
"""Bytes of a Procfile, app.json or requirements file; longer ones are refused."""

LOCK_LIMIT = 8 << 20
"""Bytes of a lock: a thousand packages with all their wheels."""

LOCKS = frozenset({"Pipfile.lock", "pdm.lock", "poetry.lock", "pylock.toml", "uv.lock"})

LINK = "120000"
"""The mode of a symbolic link in a tree."""

PLAIN_MODES = ("100644", "100664", "100755")
"""Of files; git wrote the second once."""


def check_tracked(path: str, mode: str, size: int) -> None:
    """See that a file can be read.

    Args:
        path: in the repo.
        mode: as `git ls-tree` shows it.
        size: bytes.

    Raises:
        RefusedInputError: it can't.
    """
    if mode == LINK:
        raise RefusedInputError(
            f"`{path}` is a symbolic link; it must be a plain file",
            hint=f"replace {path} by its content, and commit",
        )
    if mode not in PLAIN_MODES:
        raise RefusedInputError(f"`{path}` is not a plain file", hint=f"git rm -r {path}")
    limit = LOCK_LIMIT if path in LOCKS else TEXT_LIMIT
    if size > limit:
        raise RefusedInputError(
            f"`{path}` has {size} bytes, more than the {limit} allowed",
            hint=f"make {path} smaller",
        )
