"""How often the kernel held us to a limit of our control group (cgroups(7), version 2)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Hits:
    """Counts since the group was made."""

    killed: int = 0
    """Processes, for want of memory."""
    refused_forks: int = 0
    """Processes and threads that would have been one too many."""

    def since(self, before: Hits) -> Hits:
        """What came after."""
        return Hits(self.killed - before.killed, self.refused_forks - before.refused_forks)


def hits(group: Path = GROUP, groups: Path = GROUPS) -> Hits:
    """Those of the group that this process is in; none where there is no version 2."""
    own = next((line for line in _lines(group) if line.startswith("0::/")), None)
    if own is None:
        return Hits()
    folder = groups / own.removeprefix("0::/")
    return Hits(_count(folder / "memory.events", "oom_kill"), _count(folder / "pids.events", "max"))


def _count(file: Path, name: str) -> int:
    """The number after a name: one `name number` line for each."""
    counts = dict(line.split(" ", 1) for line in _lines(file) if " " in line)
    return int(counts.get(name, 0))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
