"""What runs as the build user to fetch wheels again by name and version.

The names come from a folder that packages' code could write: they are read as names, never obeyed,
and what they name is fetched from where packages come from. No package's code runs here.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.system import command, uv
from pushdeploy.system.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_WHEELS = 1000
"""More than any app needs; what names more is up to something."""

SECONDS = 500.0
FOUND_BY = ("wheels-v*/pypi/*/*", "wheels-v*/index/*/*/*")
"""Where uv notes what it has from an index: a folder for each package, a file for each wheel."""

WHEEL = re.compile(r"(?P<version>[0-9][0-9A-Za-z.!+]{0,60})-[0-9A-Za-z_.-]+\.(?:rev|http)")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,100}")


def main() -> int:
    """Arguments: the build's cache, the app's, a folder to work in, uv, and a Python."""
    private, verified, scratch, program, python = map(Path, sys.argv[1:])
    for pins in rounds(list(missing(private, verified))[:MOST_WHEELS]):
        shutil.rmtree(scratch, ignore_errors=True)
        line = uv.fetch_wheels(program, python, scratch, pins)
        command.attempt(Command(line), seconds=SECONDS)
    shutil.rmtree(scratch, ignore_errors=True)
    return 0


def missing(private: Path, verified: Path) -> Iterator[tuple[str, str]]:
    """Name and version of each wheel that the build's cache notes and the app's does not."""
    for pattern in FOUND_BY:
        for path in sorted(private.glob(pattern)):
            wheel, name = WHEEL.fullmatch(path.name), path.parent.name
            if wheel is None or NAME.fullmatch(name) is None:
                continue
            if not (verified / path.relative_to(private)).exists():
                yield name, wheel["version"]


def rounds(wheels: list[tuple[str, str]]) -> list[list[str]]:
    """Requirements that never name a package twice: two versions can't be installed at once."""
    found: list[dict[str, str]] = []
    for name, version in dict.fromkeys(wheels):
        free = next((one for one in found if name not in one), None)
        if free is None:
            free = {}
            found.append(free)
        free[name] = version
    return [[f"{name}=={version}" for name, version in one.items()] for one in found]


if __name__ == "__main__":
    sys.exit(main())
