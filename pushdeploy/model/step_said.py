"""What a step's program says to us, in lines of its output, and what nginx may serve of it."""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass

from pushdeploy.errors import PushdeployError, RefusedInputError
from pushdeploy.model.static_mount import StaticMount, parse_static_mount
from pushdeploy.model.text import quoted

MARK = "\x1e"
"""Begins a line that a step's program says to us, not to people: JSON follows."""

LONGEST_WORD = 4096
"""Characters of a path or URL in such a line."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A step begins; its number, from 0."""

    number: int


@dataclass(frozen=True, slots=True)
class Collected:
    """Where Django's settings have its static files."""

    url: str
    root: str
    """Empty when it is not set: a storage of its own has them."""


@dataclass(frozen=True, slots=True)
class NothingToCollect:
    """The project does not use `django.contrib.staticfiles`."""


Said = Begun | Collected | NothingToCollect


def said(line: str) -> Said | None:
    """What a line of output says to us; `None` for one that is for people."""
    if not line.startswith(MARK):
        return None
    try:
        record = json.loads(line[len(MARK) :])
        if "begun" in record:
            return Begun(int(record["begun"]))
        if "absent" in record:
            return NothingToCollect()
        url, root = (str(word)[:LONGEST_WORD] for word in record["static"])
        return Collected(url, root)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def collected_mount(collected: Collected, code: str) -> StaticMount | None:
    """What nginx can serve of it; `None` when the files are elsewhere on purpose.

    Args:
        collected: Django's settings.
        code: the folder of the code, which the steps saw.

    Raises:
        RefusedInputError: `STATIC_ROOT` does not lie in the code, or is all of it.
    """
    if not collected.root or not collected.url.startswith("/"):
        return None
    root = posixpath.normpath(posixpath.join(code, collected.root))
    if not root.startswith(f"{code}/"):
        raise RefusedInputError(
            f"STATIC_ROOT is {quoted(collected.root)}, which is not a folder in the code",
            hint='in the settings: STATIC_ROOT = BASE_DIR / "staticfiles"',
        )
    try:
        return parse_static_mount(collected.url, root.removeprefix(f"{code}/"))
    except PushdeployError:
        return None
