"""Seed: the venv whose files the next one may begin with, and whether it may.

What decides is all that could make the same name and version another file: the Python, uv, the
indexes, a hash. Everything else uv resolves afresh.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

INCLUDES = ("-r", "--requirement", "-c", "--constraint")
"""Options that name files, whose texts are looked at themselves."""

COMMENT = re.compile(r"(?:^|\s)#.*")
HASH = re.compile(r"\s--hash[=\s]\s*(\S+)")
ADDRESS = re.compile(r"://|\s@\s|^\S+@")
"""Of a package that comes from an address, where another one may lie by now."""


@dataclass(frozen=True, slots=True)
class Seed:
    """What a venv was made from, by wheels alone: no package's code has run in it."""

    venv: str
    """Its key."""
    python: str
    """`/usr/bin/python3.11 3.11.2`."""
    uv: str
    """The program that made it; each version of ours has its own."""
    requirements: Mapping[str, str]
    """Path to content, as in `Tree`."""


def render_seed(seed: Seed) -> str:
    """One JSON object."""
    return json.dumps(asdict(seed))


def parse_seed(text: str) -> Seed | None:
    """The inverse; `None` for anything else, such as what a power cut left."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict) or set(found) != {"venv", "python", "uv", "requirements"}:
        return None
    texts = found.pop("requirements")
    if not isinstance(texts, dict) or re.fullmatch(r"[0-9a-f]{1,64}", str(found["venv"])) is None:
        return None
    words = {name: str(word) for name, word in found.items()}
    return Seed(**words, requirements={str(path): str(text) for path, text in texts.items()})


def may_grow(seed: Seed, wanted: Seed) -> bool:
    """Whether a venv may begin with the seed's files: each would be the same one made afresh."""
    if (seed.python, seed.uv) != (wanted.python, wanted.uv):
        return False
    options, packages = _read(seed.requirements)
    others, wanted_packages = _read(wanted.requirements)
    if options != others or any(ADDRESS.search(name) for name in wanted_packages):
        return False
    return all(
        packages[name] == hashes for name, hashes in wanted_packages.items() if name in packages
    )


def _read(requirements: Mapping[str, str]) -> tuple[set[str], dict[str, frozenset[str]]]:
    """The options, and for each package, as it is written, its hashes."""
    options: set[str] = set()
    packages: dict[str, frozenset[str]] = {}
    for text in requirements.values():
        for line in _lines(text):
            if not line.startswith("-"):
                hashes = frozenset(HASH.findall(line))
                packages[HASH.sub("", line).strip()] = hashes
            elif not line.startswith(INCLUDES):
                options.add(line)
    return options, packages


def _lines(text: str) -> Iterator[str]:
    """Without comments; with what a backslash at the end makes them go on with."""
    joined = text.replace("\\\r\n", " ").replace("\\\n", " ")
    for line in joined.splitlines():
        bare = COMMENT.sub("", line, count=1).strip()
        if bare:
            yield bare
