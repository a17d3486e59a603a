"""Commands whose stdin, stdout and stderr the engine uses itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pushdeploy.cli.side import Near
    from pushdeploy.engine.registry import Verb

Answer = TypeVar("Answer")

DESCRIPTORS = (0, 1, 2)


def attached(side: Near, verb: Verb[Answer], **request: Any) -> Answer:
    """Ask the engine, with our descriptors; returns its answer."""
    sys.stdout.flush()
    return side.engine(verb, request, descriptors=DESCRIPTORS)
