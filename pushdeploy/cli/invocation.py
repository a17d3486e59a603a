"""A command as it goes to the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PROGRAM = "pushdeploy"

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command as it goes to the server: what it would be told there."""

    name: str
    parameters: Parameters = field(default_factory=dict)
    stdin: bytes | None = None
    """Secrets go this way, never on a command line; `None` is the terminal's."""
    terminal: bool = False


Prepare = Callable[[Invocation], Invocation]
"""What is to be done here first: read the files and ask the questions of this machine."""
