"""Places for a caller: so many at once and no more. Imports next to nothing.

A place is a byte of the caller's file, locked by the process that has it (fcntl(2)), so it is free
again when that has ended, however it did.
"""

from __future__ import annotations

import fcntl
import os


def take_a_place(folder: str, name: str, most: int) -> bool:
    """Take one until this process ends; False when all are taken.

    Where there is no such folder, nobody counts.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    try:
        file = os.open(f"{folder}/{name.replace('/', '_')}", flags, 0o600)
    except OSError:
        return True
    os.set_inheritable(file, True)  # noqa: FBT003 - by position only; kept when we become git
    for place in range(most):
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError:
            continue
        return True
    return False
