"""Keep what is slow to make, made once, under a name that says what it was made from."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def folder() -> Path:
    """The cache of the system tests."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = base / "pushdeploy-tests"
    path.mkdir(parents=True, exist_ok=True)
    return path


def key(*parts: str) -> str:
    """A short name for what is made from these parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Wait for, and hold, the lock at this path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def made(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of this name, made now if it is not there yet.

    It is made under another name and renamed when complete, so a killed run leaves no half of it.
    """
    target = folder() / name
    with lock(target.with_name(f"{target.name}.lock")):
        if not target.exists():
            partial = target.with_name(f"{target.name}.partial")
            if partial.exists():
                shutil.rmtree(partial)
            make(partial)
            partial.rename(target)
    return target
