"""A caller of the engine, who says what he likes and reads when he likes."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pushdeploy.engine.registry import App, Registry, Verb, verb
from pushdeploy.engine.server import serve
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pushdeploy.machine.machine import Machine

VERBS = Registry()


def only(name: str, run: Callable[..., Any]) -> Mapping[str, Verb[..., Any]]:
    """A registry of one verb, which anybody with any right may ask for."""
    return {name: verb(name, object, right=Right.LOOK, app=App.NONE)(run)}


@dataclass
class Line:
    """The caller's end, and the engine's."""

    machine: Machine
    ours: socket.socket
    theirs: socket.socket

    def say(self, *requests: object) -> None:
        """Send requests, each in a line, all in one packet."""
        self.say_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in requests))

    def say_bytes(self, data: bytes, descriptors: Sequence[int] = ()) -> None:
        """Send anything."""
        socket.send_fds(self.ours, [data], list(descriptors))

    def hang_up(self) -> None:
        """Leave."""
        self.ours.close()

    def say_no_more(self) -> None:
        """Send the end."""
        self.ours.shutdown(socket.SHUT_WR)

    def serve(self, verbs: Mapping[str, Verb[..., Any]] = VERBS) -> int:
        """The engine works, to its end."""
        return serve(self.theirs, self.machine, verbs)

    def heard(self) -> list[dict[str, Any]]:
        """Everything that the engine said, until it hung up."""
        self.ours.settimeout(10)
        data = b""
        while part := self.ours.recv(1 << 16):
            data += part
        return [json.loads(one) for one in data.splitlines()]

    def answer(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Ask, have it served, and return the last thing said."""
        self.say(request)
        self.serve()
        return self.heard()[-1]
