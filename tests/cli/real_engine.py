"""The real engine beside the commands: its server, its verbs, a machine of fakes."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pushdeploy.engine.client import read_answer
from pushdeploy.engine.registry import Registry
from pushdeploy.engine.server import serve
from pushdeploy.model.wire import read_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.engine.client import Watcher
    from pushdeploy.engine.registry import Request
    from pushdeploy.machine.machine import Machine

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class RealEngine:
    """Serves each request in this process."""

    machine: Machine

    def __call__(
        self,
        request: Request[Answer],
        /,
        *,
        watcher: Watcher | None = None,
        descriptors: Sequence[int] = (),
        stay: bool = False,
    ) -> Answer:
        """The answer, as it came over a socket."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.sendall(json.dumps({"verb": request.verb.name, **request.told}).encode() + b"\n")
            serve(theirs, self.machine, Registry())
            ours.settimeout(10)
            said = b"".join(iter(lambda: ours.recv(1 << 16), b""))
        last = json.loads(said.splitlines()[-1])
        if "error" in last:
            raise read_error(last["error"])
        return read_answer(request.verb, last["answer"])
