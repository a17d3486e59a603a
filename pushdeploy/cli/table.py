"""What is printed on stdout: tables and JSON. rich draws at a terminal, plain columns elsewhere."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from pushdeploy.model.text import escaped

GAP = "  "


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below their headings."""
    shown = [[escaped(cell) for cell in row] for row in rows]
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        _show_rich(columns, shown)
    else:
        show_lines(aligned([list(columns), *shown]))


def show_json(answer: Any) -> None:
    """Print what a program reads."""
    print(json.dumps(answer, indent=2, ensure_ascii=False))


def show_lines(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        print(line)


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
    from rich import box  # noqa: PLC0415 - only at a terminal
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415 - app-controlled words must not be markup

    table = Table(*columns, box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(soft_wrap=False).print(table)
