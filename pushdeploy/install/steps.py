"""Steps of the installer: each is said before it is done, and whether it changed anything after."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pushdeploy.cli.patience import SECONDS, patience
from pushdeploy.cli.style import DETAIL, PROBLEM, RESULT, STEP
from pushdeploy.model.text import escaped

if TYPE_CHECKING:
    from collections.abc import Callable


class Steps:
    """Knows at the end whether anything was done at all."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._patience = seconds
        self.changed = False
        self.faulty = False
        self.unfinished = False
        self._said: set[str] = set()

    def step(self, title: str, action: Callable[[], bool], *, done: str = "ok") -> bool:
        """Say it, do it; the action returns False when it had nothing to do."""
        self.say(STEP + title)
        with patience(self._patience, f"{DETAIL}still working"):
            changed = action()
        self.changed = self.changed or changed
        self.detail(done if changed else "no change")
        return changed

    def detail(self, text: str) -> None:
        """A line below the step."""
        self.say(DETAIL + text)

    def warn(self, text: str, hint: str) -> None:
        """Something that a person should look at, and that stops nothing."""
        self.say(PROBLEM + text)
        self.say(PROBLEM + hint)

    def fault(self, text: str, hint: str) -> None:
        """Something that is not as it should be, so that the end can't be that all is well."""
        self.faulty = True
        if hint not in self._said:
            self._said.add(hint)
            self.warn(text, hint)

    def undone(self, text: str, hint: str) -> None:
        """Something that was asked for and could not be done, while all else was."""
        self.unfinished = True
        self.warn(text, hint)

    def result(self, text: str) -> None:
        """How it ended."""
        self.say(RESULT + text)

    def say(self, line: str) -> None:
        """One line; it may name files that an app has."""
        print(escaped(line), file=sys.stderr, flush=True)
