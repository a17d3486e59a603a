"""Commands whose stdin, stdout and stderr the engine uses itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pushdeploy.cli.side import Near

DESCRIPTORS = (0, 1, 2)


def attached(side: Near, verb: str, **request: Any) -> Any:
    """Ask the engine, with our descriptors; returns its answer."""
    sys.stdout.flush()
    return side.engine({"verb": verb, **request}, descriptors=DESCRIPTORS)
