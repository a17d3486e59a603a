"""A line that tells what could not be done, among lines that tell what was."""

from __future__ import annotations

from typing import Self

MARK = "failed: "


class Failed(str):
    """A line of the account of what was done: this could not be. Known by its class alone."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """It reads `failed: TEXT`."""
        return super().__new__(cls, f"{MARK}{text}")


def placed(line: str, where: str) -> str:
    """A line of the account with words before it, such as `blog: `; one that failed stays so."""
    return Failed(f"{where}{line.removeprefix(MARK)}") if isinstance(line, Failed) else where + line
