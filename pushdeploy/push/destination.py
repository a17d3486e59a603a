"""Where a push goes, and what its wrapper and its hooks tell each other. Imports little."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.model.fate import TOLD

if TYPE_CHECKING:
    from pushdeploy.engine.registry import Request
    from pushdeploy.model.ended import Ended

APP = "PUSHDEPLOY_APP"
AFTER = "PUSHDEPLOY_AFTER"
BRANCH = "PUSHDEPLOY_BRANCH"
LIVE = "PUSHDEPLOY_LIVE"
FIRST = "PUSHDEPLOY_FIRST"
ROOT = "PUSHDEPLOY_ROOT"
ENGINE = "PUSHDEPLOY_ENGINE"
NOTE = "PUSHDEPLOY_NOTE"
"""What the wrapper tells the hooks. The last two are descriptors: of an engine that is ready, and
of a pipe on which the wrapper hears what becomes of the push."""

NOTES_LIMIT = 1000
"""Bytes; there are a few words at most."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a push goes."""

    app: str
    repo: Path
    first: str
    """The name of a first push's own repo; empty when the app is there."""
    branch: str
    after: int
    """The newest attempt's number before the push."""
    live: str
    root: str = ""
    """The folder of the repo that becomes the release, if somebody has set it."""

    def request(self, pushed: str, branch: str = "") -> Request[Ended]:
        """What the engine is asked when a commit was pushed, and to which branch if it was new."""
        from pushdeploy.engine.verbs.converge import converge  # imported while git receives

        return converge(self.app, after=self.after, pushed=pushed, branch=branch, first=self.first)

    def variables(self) -> dict[str, str]:
        """The destination as the hooks are told it; the repo is their folder."""
        return {
            APP: self.app,
            AFTER: str(self.after),
            BRANCH: self.branch,
            LIVE: self.live,
            FIRST: self.first,
            ROOT: self.root,
        }


def destination_of_hook() -> Destination:
    """As the wrapper told it."""
    told = os.environ
    live = told.get(LIVE, "")
    repo, first, branch = Path.cwd(), told.get(FIRST, ""), told.get(BRANCH, "")
    return Destination(told[APP], repo, first, branch, int(told[AFTER]), live, told.get(ROOT, ""))


def note(*words: str) -> None:
    """Tell the wrapper, from a hook, what becomes of the push."""
    os.write(int(os.environ[NOTE]), " ".join([*words, ""]).encode())


def note_told(exit_code: int) -> None:
    """Tell the wrapper that the person was told how the push ended, and its exit status."""
    note(f"{TOLD}{exit_code}")


def noted(hears: int) -> list[str]:
    """What the hooks have said; `hears` is the wrapper's end of their pipe."""
    os.set_blocking(hears, False)
    try:
        return os.read(hears, NOTES_LIMIT).decode().split()
    except BlockingIOError:
        return []
