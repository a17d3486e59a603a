"""Whether a site is the distribution's welcome page, by content, or somebody's own of its name.

Standard library only: the installer looks before it has its packages.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from pushdeploy.system import command
from pushdeploy.system.command import Command

ITS_PAGES = {"index.nginx-debian.html"}
"""What the package lays into its root; a page of any other name is somebody's."""

_ROOT = re.compile(r"^\s*root\s+([^;\s]+)\s*;", re.MULTILINE)


def is_welcome(site: Path) -> bool:
    """True for the package's own file, unchanged, with nothing but the package's page to show.

    Args:
        site: the link in `sites-enabled`, or a file.
    """
    try:
        file = site.resolve(strict=True)
        content = file.read_bytes()
    except OSError:
        return False
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()  # dpkg's own kind of digest
    return digest == _packaged(file) and not any(map(_has_pages, _roots(content)))


def _packaged(file: Path) -> str | None:
    """The digest that the package gave the file, by dpkg's list of configuration files."""
    owner = command.attempt(Command(["dpkg-query", "--search", str(file)])).stdout
    package = owner.partition(":")[0].strip()
    if not package:
        return None
    listed = command.attempt(
        Command(["dpkg-query", "--show", "--showformat=${Conffiles}", package])
    ).stdout
    for line in listed.splitlines():
        fields = line.split()
        if fields and fields[0] == str(file):
            return fields[1]
    return None


def _roots(content: bytes) -> list[Path]:
    return [Path(root) for root in _ROOT.findall(content.decode(errors="replace"))]


def _has_pages(root: Path) -> bool:
    try:
        return bool(set(os.listdir(root)) - ITS_PAGES)
    except OSError:
        return False
