"""Runs inside supervisord, as an RPC interface of it (supervisord.org/xmlrpc.html): what it lacks.

A crashed process is restarted a second later, for ever; its restarts are counted; its listening
socket stays open meanwhile, so that requests wait; its children end with it; and what it prints
goes line by line, with the time, into one file an app.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from supervisor import events
from supervisor.states import ProcessStates

from pushdeploy.model.instance import RESTART_SECONDS, parse_unit
from pushdeploy.system.output_log import Writer, output_log

_Event = Any
"""Of supervisor.events: it has no types."""


class Plugin:
    """The RPC namespace `pushdeploy`; its public methods can be called."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._restarts: dict[str, int] = {}
        self._sockets: dict[str, object] = {}
        self._writers: dict[str, Writer] = {}
        events.subscribe(events.ProcessStateStartingEvent, self._starting)
        events.subscribe(events.ProcessStateBackoffEvent, self._fell)
        events.subscribe(events.ProcessStateExitedEvent, self._ended)
        events.subscribe(events.ProcessStateStoppedEvent, self._stopped)
        events.subscribe(events.ProcessGroupRemovedEvent, self._removed)
        events.subscribe(events.ProcessLogStdoutEvent, self._printed)

    def restarts(self) -> dict[str, int]:
        """How often each program was restarted since it was last started on purpose."""
        return dict(self._restarts)

    def _starting(self, event: _Event) -> None:
        name = event.process.config.name
        again = event.from_state in (ProcessStates.BACKOFF, ProcessStates.EXITED)
        self._restarts[name] = self._restarts.get(name, 0) + 1 if again else 0
        sockets = getattr(event.process.group, "socket_manager", None)
        if sockets is not None:
            self._sockets[name] = sockets.get_socket()

    def _fell(self, event: _Event) -> None:
        event.process.backoff = 1
        event.process.delay = time.time() + RESTART_SECONDS
        self._ended(event)

    def _ended(self, event: _Event) -> None:
        """The main process is gone: nothing of its group may linger (`KillMode=mixed`)."""
        pid = event.process.pid
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        name = event.process.config.name
        writer = self._writer(name)
        if writer is not None:
            writer.finish(name)

    def _stopped(self, event: _Event) -> None:
        self._ended(event)
        self._sockets.pop(event.process.config.name, None)

    def _removed(self, event: _Event) -> None:
        self._restarts.pop(event.group, None)
        self._sockets.pop(event.group, None)

    def _printed(self, event: _Event) -> None:
        name = event.process.config.name
        writer = self._writer(name)
        if writer is not None:
            writer.feed(name, event.data)
        else:
            text = f"{name}: {event.data.decode(errors='replace')}"
            event.process.config.options.logger.info(text)

    def _writer(self, unit: str) -> Writer | None:
        found = parse_unit(unit)
        if found is None:
            return None
        if found.app not in self._writers:
            self._writers[found.app] = Writer(output_log(self._log / found.app))
        return self._writers[found.app]


def make_plugin(_supervisord: object, *, log: str) -> Plugin:
    """What the configuration names.

    Args:
        log: the folder of all logs, percent-encoded.
    """
    return Plugin(Path(unquote(log)))
