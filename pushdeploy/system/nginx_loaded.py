"""What says which files the nginx of this machine has loaded, so that looking costs no reload."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.system.files import File, write

if TYPE_CHECKING:
    from collections.abc import Mapping

MACHINE = Path("/etc/machine-id")
MODE = 0o600


@dataclass(frozen=True, slots=True)
class LoadedNote:
    """A note of one line, for one machine; a copied disk has loaded nothing yet.

    It is removed before a file changes. Whoever looks without the lock would otherwise take files
    that are about to be loaded for loaded ones, if they were loaded once before.
    """

    path: Path

    def says(self, contents: Mapping[Path, str], worker: str) -> bool:
        """True when nginx has loaded exactly these files, and runs as this user."""
        return self.path.exists() and self.path.read_text() == _digest(contents, worker)

    def write(self, contents: Mapping[Path, str], worker: str) -> None:
        """Note that it has."""
        write(File(self.path, _digest(contents, worker), MODE))

    def remove(self) -> None:
        """From now on nothing counts as loaded."""
        self.path.unlink(missing_ok=True)


def _digest(contents: Mapping[Path, str], worker: str) -> str:
    machine = MACHINE.read_text() if MACHINE.exists() else ""
    files = "\0".join(f"{path}\0{text}" for path, text in sorted(contents.items()))
    return hashlib.sha256(f"{machine}{files}\0{worker}".encode()).hexdigest()
