"""stdin, stdout and stderr of this process."""

from __future__ import annotations

import os
import sys


def open_standard() -> None:
    """Open what the caller has closed of stdin, stdout and stderr (`<&-`), at nothing.

    Else the next file that is opened would have its number, and be taken for it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            os.set_inheritable(number, True)  # noqa: FBT003 - by position only
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115
