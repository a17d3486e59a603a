"""Seed: the venv whose files the next one may begin with, and which of its packages.

What decides is all that could make the same name and version another file: the Python, uv, its
settings, the indexes, a hash. Everything else uv resolves afresh.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.pins import differing

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Seed:
    """What a venv was made from, by wheels alone: no package's code has run in it."""

    venv: str
    """Its key."""
    python: str
    """`/usr/bin/python3.11 3.11.2`."""
    uv: str
    """The program that made it; each version of ours has its own."""
    options: Mapping[str, str]
    """What else decides how packages are installed: settings of uv, the kind of list, groups."""
    requirements: Mapping[str, str]
    """Path to content, as in `Tree`; what a lock has lies in the venv (`Recipe.pins`)."""


TABLES = ("options", "requirements")
WORDS = ("venv", "python", "uv")


def render_seed(seed: Seed) -> str:
    """One JSON object."""
    return json.dumps(asdict(seed))


def parse_seed(text: str) -> Seed | None:
    """The inverse; `None` for anything else, such as what a power cut left."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict) or set(found) != {*WORDS, *TABLES}:
        return None
    if not all(isinstance(found[name], dict) for name in TABLES):
        return None
    if re.fullmatch(r"[0-9a-f]{1,64}", str(found["venv"])) is None:
        return None
    options, requirements = (
        {str(path): str(text) for path, text in found[name].items()} for name in TABLES
    )
    venv, python, uv = (str(found[name]) for name in WORDS)
    return Seed(venv, python, uv, options, requirements)


def not_taken_over(seed: Seed, wanted: Seed) -> frozenset[str] | None:
    """Names of the packages that a venv must not take over from a seed, normalised.

    All others would be the same files made afresh. `None`: none may be taken over. Of a lock, what
    is in the venvs decides too, and is not looked at here.
    """
    if (seed.python, seed.uv, seed.options) != (wanted.python, wanted.uv, wanted.options):
        return None
    return differing(dict(seed.requirements), dict(wanted.requirements), addresses=False)
