"""A file of nginx's, as nginx reads it: directives with their place, whoever wrote them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TOKEN = re.compile(
    r"""(?P<skipped>\s+ | \#[^\n]*)
    | (?P<end>[;{}])
    | (?P<quoted>"(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*')
    | (?P<word>(?:\\. | \$\{[^}\n]*\} | [^\s;{\\])+ | \\)""",
    re.VERBOSE | re.DOTALL,
)
_PORT = re.compile(r"(?:(?P<address>\[[0-9a-fA-F:]+\]|[^\s:\[\]]+):)?(?P<port>\d{1,5})")
_ANY = {"*": "0.0.0.0", "": "0.0.0.0"}  # noqa: S104 - nginx's word for it, not a bind
ANYWHERE = ("0.0.0.0", "[::]")  # noqa: S104 - the same
USUAL_PORT = 80


@dataclass(frozen=True, slots=True)
class Directive:
    """`listen 80 default_server;` in line 22 of a file."""

    words: tuple[str, ...]
    file: str
    line: int
    depth: int
    """Blocks around it."""

    @property
    def place(self) -> str:
        """As a person looks it up."""
        return f"`{self.file}`, line {self.line}"


@dataclass(frozen=True, slots=True)
class Listen:
    """Where a server of somebody's listens."""

    address: str
    """`0.0.0.0`, `[::]`, or one of the machine's own."""
    port: int
    default: bool
    """Its server answers there for names that nobody has."""
    directive: Directive


def parse_nginx_file(file: str, text: str, depth: int = 0) -> list[Directive]:
    """The directives in their order; of a file that is broken, as far as it can be read.

    Args:
        file: its path.
        text: its content.
        depth: the blocks around the place where it is included.
    """
    return list(_directives(file, text, depth))


def worker(directives: Iterable[Directive]) -> tuple[str, str] | None:
    """User and group of nginx's workers, where the configuration names them."""
    for one in directives:
        if one.depth == 0 and one.words[0] == "user" and len(one.words) > 1:
            return one.words[1], one.words[2] if len(one.words) > 2 else one.words[1]  # noqa: PLR2004
    return None


def listens(directives: Iterable[Directive]) -> list[Listen]:
    """Every TCP port on which somebody's server listens."""
    return [found for one in directives if (found := _listen(one)) is not None]


def named(directives: Iterable[Directive], name: str) -> list[Directive]:
    """Those of one name."""
    return [one for one in directives if one.words[0] == name]


def _directives(file: str, text: str, depth: int) -> Iterator[Directive]:
    begun, words = 0, list[str]()
    line, counted = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if match["end"]:
            if words:
                yield Directive(tuple(words), file, begun, depth)
            words = []
            depth = max(0, depth + {"{": 1, "}": -1, ";": 0}[match["end"]])
        elif not match["skipped"]:
            begun = begun if words else line
            words.append(match["word"] or match["quoted"][1:-1])


def _listen(one: Directive) -> Listen | None:
    if one.words[0] != "listen" or len(one.words) == 1:
        return None
    match = _PORT.fullmatch(one.words[1])
    if match is not None:
        address, port = match["address"] or "", int(match["port"])
    elif one.words[1].startswith("unix:"):
        return None
    else:
        address, port = one.words[1], USUAL_PORT
    default = "default_server" in one.words[2:] or "default" in one.words[2:]
    return Listen(_ANY.get(address, address), port, default, one)
