"""The shapes of what people see: steps, details, problems, results. Imports little."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from pushdeploy.model.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 72
"""Columns; git puts `remote: ` before each line."""

STEP = "-----> "
RESULT = "=====> "
DETAIL = " " * 7
PROBLEM = " !     "


def typed(text: str) -> str:
    """A hint, with our commands as they are typed where the person sits."""
    if "pushdeploy " not in text:
        return text
    from pushdeploy.cli.seen_from import login_here

    login = login_here()
    if login is None:
        return text
    from pushdeploy.model.typed_command import over_ssh

    return over_ssh(text, login)


def with_quotes(name: str, app: str, words: str) -> str:
    """One of our commands whose words have quotes: ssh takes one pair of them away.

    Args:
        name: `config:set`.
        app: the app.
        words: what follows, with single quotes only.
    """
    from pushdeploy.cli.seen_from import login_here

    login = login_here()
    line = f"{name} --app {app} {words}"
    return f"pushdeploy {line}" if login is None else f'{login} "{line}"'


def problem(message: str, hint: str | None, report: tuple[str, ...] = ()) -> Iterator[str]:
    """An error, as the last words: report, reason, hint."""
    yield from (PROBLEM + escaped(line) for line in report)
    yield from wrapped(PROBLEM, message)
    if hint:
        yield from wrapped(PROBLEM, f"Next: {typed(hint)}", cut=False)


def result(text: str, hint: str = "") -> Iterator[str]:
    """A plain sentence that ends the matter."""
    yield from wrapped(RESULT, text)
    if hint:
        yield DETAIL + typed(hint)


def wrapped(prefix: str, text: str, *, cut: bool = True) -> Iterator[str]:
    """The text in lines of at most `WIDTH` columns, each with the prefix; messages may be several.

    Commands to copy (`cut=False`) and carets below a column stay whole.
    """
    indent = prefix if prefix != RESULT else DETAIL
    first = True
    for part in text.split("\n"):
        width = WIDTH - len(prefix)
        shown = escaped(part)
        pieces = [shown]
        if cut and len(shown) > width:
            # A path or a URL stays whole: it is there to be copied.
            pieces = textwrap.wrap(shown, width, break_long_words=False, break_on_hyphens=False)
        for piece in pieces or [""]:
            yield (prefix if first else indent) + piece
            first = False
