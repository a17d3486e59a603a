"""Until when each minor version of Python gets security fixes (the release schedules' PEPs).

PEP 596, 619, 664, 693, 719, 745 and 790, each "until approximately"; what a system packages itself
is kept up by the system for longer.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pushdeploy.model.python_version import PythonVersion

LAST_MONTHS = {
    (3, 7): (2023, 6),
    (3, 8): (2024, 10),
    (3, 9): (2025, 10),
    (3, 10): (2026, 10),
    (3, 11): (2027, 10),
    (3, 12): (2028, 10),
    (3, 13): (2029, 10),
    (3, 14): (2030, 10),
    (3, 15): (2031, 10),
}
"""Year and month, as they were known when this was written; newer versions have no date yet."""


def end_of_life(version: PythonVersion) -> str | None:
    """`2026-10`; `None` when it is not known."""
    if (version.major, version.minor) < min(LAST_MONTHS):
        return "2023-06 or before"
    found = LAST_MONTHS.get((version.major, version.minor))
    return None if found is None else f"{found[0]}-{found[1]:02}"


def is_over(version: PythonVersion, now: float) -> bool:
    """Whether the month has passed at this time (epoch seconds)."""
    if (version.major, version.minor) < min(LAST_MONTHS):
        return True
    found = LAST_MONTHS.get((version.major, version.minor))
    today = time.gmtime(now)
    return found is not None and (today.tm_year, today.tm_mon) > found
