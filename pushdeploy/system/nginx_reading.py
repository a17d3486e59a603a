"""All that nginx reads, whoever wrote it: followed from its main file, also when that is broken.

`nginx -T` would show the same, and nothing at all when one file has a fault.
"""

from __future__ import annotations

import glob
from dataclasses import dataclass, field
from pathlib import Path

from pushdeploy.model.nginx_file import Directive, parse_nginx_file

MAIN = "nginx.conf"
DEEPEST = 8
"""Includes in includes; nginx itself ends at a file that includes itself."""

LARGEST = 1 << 20
"""Bytes; what is larger is a list of addresses and has no server."""


@dataclass(slots=True)
class Reading:
    """What was found."""

    directives: list[Directive] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)


def read(configuration: Path) -> Reading:
    """Every directive, in nginx's order."""
    found = Reading()
    _follow(found, configuration, configuration / MAIN, 0, DEEPEST)
    return found


def _follow(found: Reading, configuration: Path, file: Path, depth: int, left: int) -> None:
    try:
        if not left or file.stat().st_size > LARGEST:
            return
        text = file.read_text(errors="replace")
    except OSError:
        return
    found.files.add(file)
    for one in parse_nginx_file(str(file), text, depth):
        found.directives.append(one)
        if one.words[0] == "include" and len(one.words) > 1:
            for path in sorted(glob.glob(str(configuration / one.words[1]))):  # noqa: PTH207 - as nginx
                _follow(found, configuration, Path(path), one.depth, left - 1)
