"""How little memory is little."""

from __future__ import annotations

SHORT_PERCENT = 10
EASED_MEMORY_PERCENT = 15
"""What can still be had: below the first memory is short, from the second on it is no longer."""


def band(left: int) -> int:
    """Where a percentage lies: what changes it may be told."""
    return (left < EASED_MEMORY_PERCENT) + (left < SHORT_PERCENT)
