"""An app's releases and what was tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import QUERY_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.errors import NotFoundError
from pushdeploy.model.rights import Right
from pushdeploy.model.tried import Tried

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked

SHOWN_RELEASES = 15


@dataclass(frozen=True, slots=True)
class Releases:
    """Releases and failed tries, newest first."""

    app: str
    current: str | None
    """What is live, `v12`."""
    warm: tuple[str, ...]
    """What is kept running for a rollback."""
    previous: str | None
    """Where a bare `rollback` goes."""
    rollback: tuple[str, ...]
    """All that can be gone back to, the latest to be live first."""
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """One release."""

    app: str
    release: str
    live: bool
    rollback: bool
    """One can go back to it."""
    kind: str
    description: str
    who: str
    at: float
    """Seconds since the epoch."""
    commit: str
    subject: str
    author: str
    python: str
    processes: dict[str, str]
    """The Procfile: each process type's command."""


@dataclass(frozen=True, slots=True)
class Output:
    """What an attempt told."""

    attempt: int
    events: tuple[dict[str, object], ...]
    """As they were logged (`pushdeploy/events.py`); a newer version's are among them."""


@verb("releases", Releases, right=Right.LOOK, seconds=QUERY_SECONDS)
def releases(asked: Asked, *, count: int = SHOWN_RELEASES) -> Releases:
    """List the newest `count` tries."""
    from pushdeploy.deploy.boot import warm_releases
    from pushdeploy.deploy.reachable import reachable
    from pushdeploy.deploy.tried import newest

    records = asked.records()
    history = records.history()
    there = reachable(records, history)
    return Releases(
        app=asked.app,
        current=_name(records.live()),
        warm=tuple(f"v{number}" for number in warm_releases(asked.machine, asked.app, history)),
        previous=_name(history.previous(there)),
        rollback=tuple(f"v{number}" for number in there),
        tried=tuple(newest(records, count, there)),
    )


def _name(number: int | None) -> str | None:
    return None if number is None else f"v{number}"


@verb("releases.info", ReleaseInfo, right=Right.LOOK, seconds=QUERY_SECONDS)
def info(asked: Asked, *, release: str | None = None) -> ReleaseInfo:
    """Tell of one `release`, or of the live one."""
    from pushdeploy.deploy.reachable import reachable
    from pushdeploy.model.release import parse_release_name

    records = asked.records()
    live = records.live()
    number = live if release is None else parse_release_name(release)
    if number is None:
        raise NotFoundError(f"`{asked.app}` has no release yet", hint="git push")
    found = records.release(number)
    return ReleaseInfo(
        app=found.app,
        release=found.name,
        live=number == live,
        rollback=number in reachable(records),
        kind=found.kind,
        description=found.description,
        who=found.who,
        at=found.at,
        commit=found.commit.id,
        subject=found.commit.subject,
        author=found.commit.author,
        python=found.python,
        processes={line.name: line.command for line in found.procfile.lines},
    )


@verb("releases.output", Output, right=Right.LOOK, seconds=QUERY_SECONDS)
def output(asked: Asked, *, release: str | None = None, attempt: int | None = None) -> Output:
    """Tell what the attempt of a `release`, of a number, or the newest one printed."""
    from pushdeploy.model.release import parse_release_name
    from pushdeploy.system.json_lines import read_lines

    records = asked.records()
    number = attempt
    if release is not None:
        wanted = parse_release_name(release)
        attempts = records.all_attempts()
        number = next((one.number for one in attempts if one.release == wanted), None)
    elif number is None:
        number = max((one.number for one in records.attempts()), default=None)
    if number is None:
        raise NotFoundError(
            f"`{asked.app}` has no attempt for {release or 'that'}",
            hint=f"pushdeploy releases --app {asked.app}",
        )
    log = records.place.attempt_log(number)
    return Output(number, tuple(read_lines(log)))
