"""What goes over the engine's socket: one request line, a few short answer lines, all JSON.

Request: `{"verb": "converge", "app": "blog", "who": "alice", …}`; descriptors may come with it
(SCM_RIGHTS, unix(7)). Before it, `{"verb": "prepare"}` says that a push has begun. Answers:
`{"waiting": {…}}` and `{"attempt": 7, "log": "/…/7.jsonl"}` any number of times, then one of
`{"answer": …}` and `{"error": {…}}`. Events never come this way: they go to the attempt's log, and
whoever watches follows that file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pushdeploy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST_LIMIT = 4 << 20
"""Bytes of a request: config vars may be large."""

DESCRIPTORS = 3
"""stdin, stdout and stderr of a command that runs at the caller's terminal."""


def encode(message: Mapping[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":"), default=str).encode() + b"\n"


def decode_request(line: bytes) -> dict[str, Any]:
    """The request of a line.

    Raises:
        UsageError: it is none.
    """
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the request is not JSON: {error}") from error
    if not isinstance(request, dict) or not isinstance(request.get("verb"), str):
        raise UsageError("the request is not a JSON object with a `verb`")
    return request
