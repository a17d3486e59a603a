"""The distribution's welcome site: recognised by its content, turned off, and on again.

Standard library only: the installer looks before it has its packages.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from pushdeploy.system import command
from pushdeploy.system.command import Command
from pushdeploy.system.files import File, write

ITS_PAGES = {"index.nginx-debian.html"}
"""What the package lays into its root; a page of any other name is somebody's."""

_ROOT = re.compile(r"^\s*root\s+([^;\s]+)\s*;", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Welcome:
    """The link that turns it on, and our note of where it led while it is off."""

    link: Path
    note: Path

    def turn_off(self) -> list[str]:
        """Remove the link; returns its name if there was one.

        Only the distribution's own, by its content: a live site may stand under its name.
        """
        if not self.link.is_symlink() or not is_welcome(self.link):
            return []
        target = os.readlink(self.link)
        write(File(self.note, target, 0o600))
        self.link.unlink()
        return [self.link.name]

    def turn_on(self) -> bool:
        """Put the link back; False when we never removed it."""
        if not self.note.exists():
            return False
        if not self.link.exists():
            self.link.symlink_to(self.note.read_text())
        self.note.unlink()
        return True


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
