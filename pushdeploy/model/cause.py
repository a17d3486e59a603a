"""What is known of a start that failed, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from pushdeploy.model.repo_facts import RepoFacts

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping


WIDTH = 64
"""Characters: 72 with what stands before a problem."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known."""

    app: str
    output: str
    """What it printed, lines joined by newlines."""
    command: str = ""
    """Its line in the Procfile, or what was typed after `run`."""
    process: str = "web"
    """`web`, `release`, `worker`, `run`."""
    slugs: Path = Path("/nonexistent")
    """The folder that holds the app's code, each version in one of its own."""
    status: int | None = None
    """What the health check was answered."""
    body: str = ""
    host: str = "localhost"
    """Under which name it asked."""
    ended: bool = True
    """The process ended; else it runs and does not answer well."""
    facts: RepoFacts = field(default_factory=RepoFacts)
    config: Mapping[str, str] = field(default_factory=dict)
    """The config vars that it had."""
    domains: tuple[str, ...] = ()
    """Names under which visitors ask for it."""

    @property
    def again(self) -> str:
        """What follows a change of the code."""
        return "commit, and push again"


@dataclass(frozen=True, slots=True)
class Cause:
    """What is said."""

    text: str
    """The cause in one or two sentences."""
    hint: str
    """One command, or one short sentence."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The text as a push shows it."""
        return tuple(wrap(self.text, WIDTH, break_long_words=False, break_on_hyphens=False))


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of cause."""

    name: str
    find: Callable[[Evidence], Cause | None]


def last_of(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last place where a pattern is found."""
    found = None
    for found in pattern.finditer(text):  # noqa: B007 - the last one is meant
        pass
    return found
