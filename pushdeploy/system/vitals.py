"""How the machine itself does: its filesystems, what the kernel has killed, what waits for a boot.

Imports little: the watchdog asks each minute.
"""

from __future__ import annotations

import os
from pathlib import Path

from pushdeploy.model.app import unit_prefix
from pushdeploy.model.disk import Filesystem

FOLDERS = ("/", "/boot", "/var", "/var/lib/pushdeploy", "/var/log")
"""Each may be a filesystem of its own."""

CGROUPS = Path("/sys/fs/cgroup/pushdeploy.slice")
REBOOT = Path("/run/reboot-required")
"""Made by the packages of Debian and Ubuntu that need one."""

MEMORY = Path("/proc/meminfo")
OS_RELEASE = Path("/etc/os-release")


def filesystems() -> list[Filesystem]:
    """Those that we write to, each once."""
    found: dict[int, Filesystem] = {}
    for path in FOLDERS:
        try:
            device, stat = Path(path).stat().st_dev, os.statvfs(path)
        except OSError:
            continue
        used, files = stat.f_blocks - stat.f_bfree, stat.f_files - stat.f_ffree
        share = _percent(used, used + stat.f_bavail)
        found.setdefault(device, Filesystem(path, share, _percent(files, stat.f_files)))
    return list(found.values())


def out_of_memory(app: str, cgroups: Path = CGROUPS) -> int | None:
    """By the cgroup of all that runs for the app (cgroups(7)), which lasts while something does."""
    try:
        lines = (cgroups / f"{unit_prefix(app)}.slice" / "memory.events").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


def memory_left() -> int:
    """By the kernel's own guess (proc_meminfo(5)); 100 where it makes none."""
    lines = MEMORY.read_text().splitlines()
    said = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    available = said.get("MemAvailable")
    return 100 if available is None else _percent(available, said["MemTotal"])


def reboot_required() -> bool:
    """Whether a package has said so."""
    return REBOOT.exists()


def distribution(file: Path = OS_RELEASE) -> tuple[str, str]:
    """Of os-release(5)."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return "", ""
    said = dict(line.partition("=")[::2] for line in lines if "=" in line)
    return said.get("ID", "").strip('"'), said.get("VERSION_ID", "").strip('"')


def _percent(part: int, whole: int) -> int:
    return 100 * part // whole if whole > 0 else 0
