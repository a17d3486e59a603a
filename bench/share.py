"""A larger share of the processors than other work on the machine gets, while this run lasts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HIERARCHY = Path("/sys/fs/cgroup/cpu")
"""Of version 1 (cgroups(7)): a version 2 machine is better left alone by other work."""

USUAL = 1024


@contextmanager
def larger_share(times: int) -> Iterator[str]:
    """Be, with all children, in a cgroup that counts so many times; says what could be done."""
    group = HIERARCHY / f"pushdeploy-bench-{os.getpid()}"
    if times == 1 or not (HIERARCHY / "cpu.shares").exists():
        yield "as all other work"
        return
    group.mkdir()
    try:
        (group / "cpu.shares").write_text(str(times * USUAL))
        (group / "cgroup.procs").write_text(str(os.getpid()))
        yield f"{times} times that of other work (cpu.shares)"
    finally:
        for process in (group / "cgroup.procs").read_text().split():
            (HIERARCHY / "cgroup.procs").write_text(process)
        group.rmdir()
