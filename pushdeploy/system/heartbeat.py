"""Heartbeats in the form of healthchecks.io: who waits for them says when a job did not run.

`URL/start` when a run begins, `URL` when it ended well, `URL/fail` when not.

Source: https://healthchecks.io/docs/http_api/
"""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import urlsplit, urlunsplit

SECONDS = 5.0
"""For the connection and for each part of the answer."""


def address(url: str, ending: str) -> str:
    """The URL with `/start` or `/fail` behind its path, before its query."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + ending))


def tell(url: str, ending: str) -> str:
    """Call it once; returns what went wrong, in words, or nothing."""
    if not url.startswith(("https://", "http://")):
        return "its URL is not one: is the config var set?"
    try:
        request = urllib.request.Request(  # noqa: S310 - looked at above
            address(url, ending), headers={"User-Agent": "pushdeploy"}
        )
        with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310 - as above
            return ""
    except urllib.error.HTTPError as error:
        return f"it answered {error.code}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
