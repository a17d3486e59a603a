"""What commands print: data on stdout, talk on stderr.

Tables are drawn by rich at a terminal and are plain columns elsewhere, and with `NO_COLOR`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from pushdeploy.cli.style import typed
from pushdeploy.cli.watch import stderr
from pushdeploy.model.text import escaped, escaped_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP = "  "

WRAPPED = ("Description", "What it limits", "Folder", "Lies in", "Domain")
"""Columns of long texts: in a narrow terminal these are broken, and the others stay whole."""


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below their headings."""
    shown = [[escaped(cell) for cell in row] for row in rows]
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        _show_rich(columns, shown)
    else:
        show_lines(aligned([list(columns), *shown]))


def show_json(answer: Any) -> None:
    """Print what a program reads."""
    print(escaped_json(json.dumps(answer, indent=2, ensure_ascii=False)))


def show_lines(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        print(line)


def say(*lines: str) -> None:
    """Talk, on stderr; what was printed before comes first."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    stderr().show(map(typed, lines))


def say_note(note: str) -> None:
    """What else the engine has to say, beside what was asked of it; often nothing."""
    if note:
        say(note)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines, each column as wide as its widest cell."""
    if not rows:
        return []
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _show_rich(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich import box  # only at a terminal
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text  # app-controlled words must not be markup

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column not in WRAPPED)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(soft_wrap=False).print(table)
