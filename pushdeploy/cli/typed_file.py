"""Files that a person names on the command line, `-` being stdin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import NotFoundError, UsageError
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local

STDIN = "-"

LARGEST = 2 << 20
"""Bytes; all config vars together may have 1 MiB."""


def read_typed(name: str, target: Local | None = None) -> bytes:
    """The content of a file of the person's machine.

    Raises:
        UsageError: the words came over ssh: they would name a file of the server.
        NotFoundError: it can't be read.
    """
    if name == STDIN:
        return read_stdin()
    if target is not None and target.over_ssh:
        raise UsageError(
            f"{quoted(name)} would be a file of the server",
            hint=f"send it on stdin: write `-`, and `< {quoted(name).strip('`')}` at the end",
        )
    try:
        with Path(name).expanduser().open("rb") as file:
            return _limited(file.read(LARGEST + 1), quoted(name))
    except OSError as error:
        raise NotFoundError(
            f"{quoted(name)} can't be read: {error.strerror}", hint="name a file, or `-` for stdin"
        ) from error


def read_stdin() -> bytes:
    """All of stdin."""
    return _limited(sys.stdin.buffer.read(LARGEST + 1), "stdin")


def _limited(content: bytes, what: str) -> bytes:
    if len(content) > LARGEST:
        raise UsageError(f"{what} has more than {LARGEST >> 20} MiB")
    return content
