"""dpkg's own files: which system packages are installed (dpkg(1))."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

INFO = Path("/var/lib/dpkg/info")
"""A file `NAME.list` or `NAME:ARCHITECTURE.list` for each."""


def missing(packages: Iterable[str], info: Path = INFO) -> tuple[str, ...]:
    """Those of the packages that are not installed; none where there is no dpkg."""
    if not info.is_dir():
        return ()
    return tuple(
        name
        for name in packages
        if not (info / f"{name}.list").exists() and not any(info.glob(f"{name}:*.list"))
    )
