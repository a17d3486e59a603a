"""How many workers a uWSGI has, told from its command line and the number of its children."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAMS = frozenset({"uwsgi", "pyuwsgi"})
ROUTERS = frozenset({"--http", "--https"})
"""Options that add one process, which passes requests on."""
MASTERS = frozenset({"--master", "-M"})
"""With one of these the first process serves nothing; without, it is the first worker."""
HELPERS = frozenset({"--emperor", "--http-processes", "--mule", "--mules", "--spooler"})
"""Options that add other processes."""
SETTINGS = frozenset({"ini", "json", "xml", "yaml", "yml"})
"""Kinds of files that hold more options."""


def is_uwsgi(words: Sequence[str]) -> bool:
    """Whether a command line is uWSGI's, perhaps as a script that Python runs."""
    return not PROGRAMS.isdisjoint(word.rpartition("/")[2] for word in words[:2])


def uwsgi_workers(words: Sequence[str], children: int) -> int | None:
    """The number of workers; `None` when the command line does not say all.

    Args:
        words: the command line.
        children: how many children the first process has.
    """
    options = {word.partition("=")[0] for word in words}
    if options & HELPERS or any(word.rpartition(".")[2] in SETTINGS for word in words):
        return None
    return children - bool(options & ROUTERS) + (not options & MASTERS)
