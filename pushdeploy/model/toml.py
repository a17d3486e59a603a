"""TOML of a repo: read in time that is in proportion to its length, or refused.

`tomllib` takes quadratic time for a key with many parts (`a.a.a…`), and what it returns may lie
deeper than anything else of Python's can follow.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

MOST_PARTS = 200
"""Of one key."""

_KEYS = re.compile(r"[=,\n]")
"""What no bare key has in it."""


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a file.

    Raises:
        ValueError: it is not TOML, or nothing that anybody would write.
    """
    if any(part.count(".") > MOST_PARTS for part in _KEYS.split(text)):
        raise ValueError(f"a key with more than {MOST_PARTS} parts")
    try:
        found = tomllib.loads(text)
        json.dumps(found, default=str)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return found
