#!/usr/bin/env python3
"""Write the table of owners in docs/reference/files.md from the list; a test compares the two."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.model.layout import SERVER
from pushdeploy.model.ownership import app_owned, server_owned

if TYPE_CHECKING:
    from pushdeploy.model.ownership import Owned

PAGE = Path(__file__).parent / "reference" / "files.md"
HEAD = "| path | is a | owner | mode | what is in it |\n|---|---|---|---|---|\n"
TABLE = re.compile(re.escape(HEAD) + r"(\|.*\n)*")


def table() -> str:
    """All lines of the list, an app's with the name `blog`."""
    lines = [*server_owned(SERVER), *app_owned(SERVER.app("blog"))]
    return HEAD + "".join(_row(line) for line in lines)


def _row(line: Owned) -> str:
    mode = "" if line.mode is None else f"{line.mode:04o}"
    owner = f"{line.user}:{line.group}"
    return f"| `{line.path}` | {line.kind} | {owner} | {mode} | {_inside(line)} |\n"


def _inside(line: Owned) -> str:
    if line.contents is None:
        return ""
    told = [f"all {line.user}:{line.group}" if line.contents.group else f"all {line.user}"]
    if line.contents.forbidden:
        told.append("nobody else writes")
    return ", ".join(told)


if __name__ == "__main__":
    PAGE.write_text(TABLE.sub(lambda _: table(), PAGE.read_text()))
