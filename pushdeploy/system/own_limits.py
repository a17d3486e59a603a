"""What this process and its children may take (getrlimit(2)), where no control group says so."""

from __future__ import annotations

import resource

MEMORY = 768 << 20
"""Bytes of data of each process that handles what was pushed. git reads packs by mapping them,
which does not count; 200,000 files take it 200 MB."""

CPU_SECONDS = 900
"""Of each process: a pack of a gigabyte takes some minutes."""


def hold_to_limits(memory: int = MEMORY, cpu: int = CPU_SECONDS) -> None:
    """Set them, or keep lower ones."""
    _hold(resource.RLIMIT_DATA, memory)
    hold_processor(cpu)


def hold_processor(seconds: int) -> None:
    """Be ended by the kernel after so many seconds of the processor's time."""
    _hold(resource.RLIMIT_CPU, seconds)


def _hold(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (value, hard))
