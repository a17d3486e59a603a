"""A notice: what somebody is told of an app or of the server, unasked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Topic(StrEnum):
    """What notices are about; an address may get those of some alone."""

    DEPLOY = "deploy"
    """A release went live, or did not, or was gone back to."""
    PROCESS = "process"
    """A process crash-loops, hung, or ran out of memory."""
    SCHEDULE = "schedule"
    """A job of the schedule failed."""
    BACKUP = "backup"
    """A backup failed, or is overdue."""
    CERTIFICATE = "certificate"
    """One was not renewed."""
    SERVER = "server"
    """Disk, memory, a reboot that is due, what gets no more security updates."""
    TEST = "test"
    """Somebody asked for one; every address gets it."""


class State(StrEnum):
    """Where in a trouble's life a notice stands."""

    BEGUN = "begun"
    OVER = "over"
    NEWS = "news"
    """It has happened, and is told once."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message, for all of its addresses."""

    id: str
    """The same each time that it is sent."""
    topic: Topic
    state: State
    app: str
    """Empty when it is about the server."""
    text: str
    """What, in a sentence without a full stop."""
    since: float
    """Epoch seconds: when it began."""
    command: str
    """What to type; may be empty."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong, for as long as it is."""

    key: str
    """What it is, the same each time that it is seen: `crash/worker.1`."""
    topic: Topic
    app: str
    text: str
    since: float
    command: str
    over: str
    """What is said when it has ended."""

    @property
    def identity(self) -> str:
        """Its key among those of all apps; no app's name has a slash."""
        return f"{self.app}/{self.key}"


@dataclass(frozen=True, slots=True)
class News:
    """Something that has happened, and goes on no longer."""

    key: str
    """Of several with one key within an hour only the first is told; empty: all are."""
    notice: Notice


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice with the address that it goes to."""

    url: str
    notice: Notice


@dataclass(frozen=True, slots=True)
class Post:
    """What the sender is asked, on its stdin."""

    server: str
    """The name of this machine."""
    letters: tuple[Letter, ...]
    check: bool = False
    """Only say whether such addresses are known."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a letter: a line of the sender's stdout."""

    letter: int
    """Its position."""
    wrong: str
    """In words; empty when it was taken."""
