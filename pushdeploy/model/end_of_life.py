"""Until when Pythons and distributions get security fixes.

Pythons by their release schedules (PEP 596, 619, 664, 693, 719, 745 and 790), each "until
approximately"; what a system packages itself is kept up by the system for longer.
"""

from __future__ import annotations

import calendar
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


SYSTEMS = {
    ("debian", "12"): "2028-06-30",
    ("debian", "13"): "2030-06-30",
    ("ubuntu", "24.04"): "2029-05-31",
    ("ubuntu", "24.10"): "2025-07-10",
    ("ubuntu", "25.04"): "2026-01-15",
    ("ubuntu", "25.10"): "2026-07-31",
    ("ubuntu", "26.04"): "2031-05-31",
}
"""The last day of free security updates, in UTC. Debian's is that of its LTS, whose updates come
from the same place (https://wiki.debian.org/LTS); Ubuntu's without Pro
(https://ubuntu.com/about/release-cycle)."""

NEAR_SECONDS = 60 * 86400.0
"""So long before an end it is near."""


def ends_soon(version: PythonVersion, now: float) -> bool:
    """Whether its security fixes end within two months of this time, or have ended."""
    return is_over(version, now + NEAR_SECONDS)


def system_ends(name: str, version: str, now: float) -> str | None:
    """The last day of a distribution's updates, if that is near or over; else `None`.

    Args:
        name: `debian`.
        version: `12`.
        now: epoch seconds.
    """
    day = SYSTEMS.get((name, version))
    if day is None:
        return None
    end = calendar.timegm(time.strptime(day, "%Y-%m-%d"))
    return day if now > end - NEAR_SECONDS else None
