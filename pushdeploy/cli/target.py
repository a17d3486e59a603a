"""Where a command can be carried out: beside the engine, or away from it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pushdeploy.cli.engine_link import connect, embedded_root, socket_of, who, with_log
from pushdeploy.cli.patience import patience
from pushdeploy.engine.client import Silent, Watcher, ask
from pushdeploy.engine.verbs.apps import apps
from pushdeploy.errors import LostEngineError, NotFoundError, UsageError
from pushdeploy.model.layout import SERVER
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pushdeploy.engine.registry import Request

Answer = TypeVar("Answer")

WARNING = "warning"
"""The event's name (`events.py`)."""


class Engine(Protocol):
    """Answers requests."""

    def __call__(
        self,
        request: Request[Answer],
        /,
        *,
        watcher: Watcher | None = None,
        descriptors: Sequence[int] = (),
        stay: bool = False,
    ) -> Answer:
        """The answer to a request; see `pushdeploy.engine.client.ask`."""


class _Warnings(Silent):
    """Keeps what the engine says beside an answer."""

    def __init__(self) -> None:
        self.records: list[Mapping[str, Any]] = []

    def event(self, record: Mapping[str, Any]) -> bool:
        """Keep a warning."""
        if record.get("event") == WARNING:
            self.records.append(record)
        return True


@dataclass(slots=True)
class Local:
    """The engine is on this machine."""

    engine: Engine
    over_ssh: bool = False
    """The person is elsewhere: names of files mean nothing here."""
    now: Callable[[], float] = time.time
    """Seconds since the epoch, for `3h ago`."""
    warned: list[Mapping[str, Any]] = field(default_factory=list)
    """What is wrong with an app that was asked about, to be said at the end of the command."""
    _names: list[str] | None = None

    def ask(self, request: Request[Answer], *, stay: bool = False) -> Answer:
        """Ask something that needs no watching; says so when the answer takes long.

        With `stay` it is not over with the first attempt.
        """
        heard = _Warnings()
        with patience():
            answer = self.engine(request, watcher=heard, stay=stay)
        self.warned += [one for one in heard.records if one not in self.warned]
        return answer

    def names(self) -> list[str]:
        """The names of all apps, asked for once."""
        if self._names is None:
            self._names = [one.app for one in self.ask(apps()).apps]
        return self._names

    def refuse_unknown(self, app: str) -> None:
        """See that there is such an app, before the server is changed for it.

        Raises:
            NotFoundError: there is none.
        """
        if app not in self.names():
            raise NotFoundError(f"there is no app {quoted(app)}", hint="pushdeploy apps")

    def only_app(self) -> str:
        """The app that is meant when none is named.

        Raises:
            UsageError: there are several.
            NotFoundError: there is none.
        """
        names = self.names()
        if not names:
            raise NotFoundError("there is no app yet", hint="pushdeploy apps:create blog")
        if len(names) > 1:
            raise UsageError(
                f"which app? There are {', '.join(names)}", hint=f"add --app {names[0]}"
            )
        return names[0]


@dataclass(frozen=True, slots=True)
class Remote:
    """The engine is on another machine, which a git remote of the checkout here names."""


Target = Local | Remote


def find_target() -> Target:
    """Where a command of this process is carried out."""
    if embedded_root() is not None or socket_of(SERVER).exists() or _start_engine():
        return server_target(over_ssh=False)
    return Remote()


def _start_engine() -> bool:
    """On a server whose engine does not listen, have it listen to root; False anywhere else.

    That takes none of our users: the engine itself makes them, and then listens to all.
    """
    if os.geteuid() != 0:
        return False
    from pushdeploy.system.tool import CURRENT  # slow, and a rare need

    if not CURRENT.exists():
        return False
    from pushdeploy.system.server_units import ROOT
    from pushdeploy.system.systemctl import systemctl

    systemctl("restart", ROOT)
    return True


def server_target(*, over_ssh: bool) -> Local:
    """Beside the engine of this machine."""
    return Local(own_engine, over_ssh)


def own_engine(
    request: Request[Answer],
    /,
    *,
    watcher: Watcher | None = None,
    descriptors: Sequence[int] = (),
    stay: bool = False,
) -> Answer:
    """The answer of this machine's engine to a request; see `pushdeploy.engine.client.ask`."""
    try:
        return ask(
            connect(),
            request,
            who=who(),
            watcher=watcher,
            descriptors=descriptors,
            stay=stay,
        )
    except LostEngineError as error:
        raise with_log(error) from error
