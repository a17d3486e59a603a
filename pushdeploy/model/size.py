"""Sizes in bytes and durations in seconds, as people write and read them."""

from __future__ import annotations

import math
import re

from pushdeploy.errors import UsageError
from pushdeploy.model.text import quoted

_UNITS = ("", "K", "M", "G", "T")
_SIZE = re.compile(r"([0-9]{1,15})\s?([kmgt]?)(?:i?b)?", re.IGNORECASE | re.ASCII)
_EXACT_ENOUGH = 100
"""From here on a size is shown without tenths."""
_SHORT = 10
"""Seconds: below, a duration is shown with tenths."""
_SECONDS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def parse_size(text: str) -> int:
    """The bytes of a size.

    Args:
        text: A whole number with `k`, `m`, `g` or `t`, in powers of 1024 as nginx and systemd read
            them; `20m`, `20M`, `20MB` and `20 MiB` are the same, `512` is bytes.

    Raises:
        UsageError: It has another form.
    """
    match = _SIZE.fullmatch(text)
    if not match:
        raise UsageError(
            f"{quoted(text)} is not a size", hint="write a number and a unit, such as `20m`"
        )
    return int(match[1]) << 10 * _UNITS.index(match[2].upper())


def format_size(size: int) -> str:
    """The size in its largest unit of at least one: `20 MiB`, `1.5 GiB`, `512 bytes`.

    Args:
        size: Bytes, not below 0.
    """
    power = min(len(_UNITS) - 1, (max(size, 1).bit_length() - 1) // 10)
    if not power:
        return f"{size} byte{'' if size == 1 else 's'}"
    whole, tenth = divmod(size * 10 >> 10 * power, 10)
    shown = f"{whole}.{tenth}" if tenth and whole < _EXACT_ENOUGH else str(whole)
    return f"{shown} {_UNITS[power]}iB"


def format_duration(seconds: float) -> str:
    """The duration in its two largest units: `3h 4m`, `12s`; below 10 s with tenths: `0.4s`.

    Args:
        seconds: Not below 0; more than that precision is cut off, never rounded up.
    """
    if seconds < _SHORT:
        tenths = math.floor(seconds * 10 + 1e-9)
        return f"{tenths // 10}.{tenths % 10}s" if tenths % 10 else f"{tenths // 10}s"
    rest = math.floor(seconds)
    parts = []
    for name, length in _SECONDS:
        count, rest = divmod(rest, length)
        parts.append((count, name))
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count}{name}" for count, name in parts[first : first + 2] if count)
