"""Webhooks: a POST to somebody's URL, which no answer of theirs leads anywhere else.

Of an error nothing is repeated that may hold the URL: it is a secret.
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from pushdeploy.model.notice import State
from pushdeploy.model.notice_address import Kind, kind_of, web_url
from pushdeploy.model.notice_text import body, record, title, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.model.notice import Notice

SECONDS = 10.0
"""For the connection and for each part of the answer."""

DISCORD_LONGEST = 1900
"""Of 2000 letters that it takes."""


def send(url: str, notice: Notice, server: str) -> str:
    """Send it, in the form that whoever answers there reads.

    Returns:
        What went wrong, in words; empty when it was taken.
    """
    kind, url = kind_of(url), web_url(url)
    text = f"{title(notice, server)}\n{body(notice)}".strip()
    match kind:
        case Kind.SLACK:
            return post(url, {"text": _for_slack(text)})
        case Kind.DISCORD:
            said = {"content": text[:DISCORD_LONGEST], "allowed_mentions": {"parse": []}}
            return post(url, said)
        case Kind.NTFY:
            return post(*_for_ntfy(url, notice, server))
        case _:
            return post(url, record(notice, server))


def post(url: str, said: Mapping[str, object]) -> str:
    """POST JSON; returns what went wrong, in words."""
    try:
        parts = urlsplit(url)
        headers = {"Content-Type": "application/json", "User-Agent": "pushdeploy"}
        if parts.username is not None:
            known = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(known.encode()).decode()}"
        bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
        asked = urllib.request.Request(bare, json.dumps(said).encode(), headers, method="POST")  # noqa: S310 - `_opener` knows no others
        with _opener().open(asked, timeout=SECONDS):
            return ""
    except urllib.error.HTTPError as error:
        moved = ", a redirect, which is not followed" if 300 <= error.code < 400 else ""  # noqa: PLR2004 - HTTP's own numbers
        return f"it answered {error.code}{moved}"
    except (OSError, ValueError) as error:
        return reason(error)


def reason(error: Exception) -> str:
    """What the system says of an error; never its text, which may hold the URL."""
    inner = getattr(error, "reason", error)
    if isinstance(inner, TimeoutError):
        return f"no answer within {SECONDS:.0f} s"
    known = getattr(inner, "verify_message", None) or getattr(inner, "strerror", None)
    return str(known or type(inner).__name__)


def _opener() -> urllib.request.OpenerDirector:
    """HTTP and HTTPS alone: no files, no FTP, no proxy by the environment, no redirect."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _for_slack(text: str) -> str:
    """Its three letters that mean something (https://api.slack.com/reference/surfaces/formatting)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _for_ntfy(url: str, notice: Notice, server: str) -> tuple[str, dict[str, object]]:
    """Where JSON goes on a server of ntfy, and it (https://docs.ntfy.sh/publish/#publish-as-json)."""
    parts = urlsplit(url)
    above, _, topic = parts.path.rstrip("/").rpartition("/")
    said: dict[str, object] = {
        "topic": topic,
        "title": title(notice, server),
        "message": body(notice) or words(notice),
        "priority": 4 if notice.state is State.BEGUN else 3,
    }
    return urlunsplit(parts._replace(path=f"{above}/")), said
