"""One health check as Dokku writes it in `app.json`.

- `path`, `attempts`, `timeout`, `wait`, `initialDelay`, `content`, `httpHeaders`: as in Dokku.
- `name`, `description`, `port`, `onFailure`, `scheme: http`, `warn: false`, and `listening` beside
  a `path`: accepted without effect. The release has a socket of its own, an answer proves that it
  listens, and the push itself tells of a failed deploy.
- `listening` alone: nothing is asked for a certain answer, for servers that don't speak HTTP.
- `command`, `uptime`, `scheme: https`, `warn: true`: refused, because passing them over would
  promise a check that never happens, or turn a warning into a failure.

Source: https://dokku.com/docs/deployment/zero-downtime-deploys/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pushdeploy.model.health import HealthCheck
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from pushdeploy.model.json_node import JsonNode

MOST_ATTEMPTS = 1000
LONGEST_SECONDS = 600
"""Seconds: a deploy's own deadline ends a longer wait anyway."""
SHORTEST_TIMEOUT = 0.1
"""Seconds: less than any network answer would make every check fail."""
LONGEST_TEXT = 2000
"""Characters of a path, a header or a content: below what servers take (gunicorn: 4094)."""
MOST_HEADERS = 20

_USED = ("path", "attempts", "timeout", "wait", "initialDelay", "content", "httpHeaders")
_PLAIN = {name.lower(): name for name in (*_USED, "type", "command", "uptime", "listening")}
# RFC 9110, 5.1: a field name is a token. The three would change where the request ends.
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})
_VISIBLE = re.compile(r"[\x21-\x7e]*")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


def parse_check(node: JsonNode) -> HealthCheck:
    """The check that an object of `healthchecks.web` describes.

    Raises:
        RefusedInputError: A value has another type or form, or asks for what is not done here.
    """
    _refuse_misspelt(node)
    _refuse_unsupported(node)
    path, attempts, content = node.get("path"), node.get("attempts"), node.get("content")
    listening = node.get("listening")
    return HealthCheck(
        path=_path(path) if path else "/",
        attempts=attempts.whole(1, MOST_ATTEMPTS) if attempts else 3,
        timeout=_seconds(node, "timeout", default=5, lowest=SHORTEST_TIMEOUT),
        wait=_seconds(node, "wait", default=5),
        initial_delay=_seconds(node, "initialDelay", default=0),
        content=_content(content) if content else None,
        http_headers=_headers(node.get("httpHeaders")),
        listening=path is None and bool(listening and listening.truth()),
    )


def _refuse_misspelt(node: JsonNode) -> None:
    """Refuse `initial_delay` and `HTTPHeaders`: passed over, they would silently do nothing."""
    for key in node.keys():  # noqa: SIM118 - a node is not a dict
        plain = _PLAIN.get(re.sub(r"[_-]", "", key).lower(), key)
        if plain != key:
            node.refuse(f"unknown key {quoted(key)}", f"write `{plain}`")


def _refuse_unsupported(node: JsonNode) -> None:
    advice = 'check over HTTP, with `"path": "/health"`'
    for key in ("command", "uptime"):
        if node.get(key):
            node.refuse(f"a check by `{key}` is not supported", advice)
    scheme, warn = node.get("scheme"), node.get("warn")
    if scheme and scheme.text().lower() != "http":
        scheme.refuse(
            f"{quoted(scheme.text())} is not supported: the check uses the release's own socket",
            "remove it; the request says `X-Forwarded-Proto: https`",
        )
    if warn and warn.truth():
        warn.refuse("a check that only warns is not supported", "remove that check")


def _path(node: JsonNode) -> str:
    path = node.text()
    if not path.startswith("/"):
        node.refuse(f"{quoted(path)} does not begin with `/`", "write it as `/health`")
    if not _VISIBLE.fullmatch(path):
        node.refuse(
            f"{quoted(path)} contains a space or a non-ASCII character", "percent-encode it (`%20`)"
        )
    return _short(node, path)


def _content(node: JsonNode) -> str:
    if not node.text():
        node.refuse("an empty text is in every body", "remove it or write the text to look for")
    return _short(node, node.text())


def _seconds(node: JsonNode, key: str, *, default: float, lowest: float = 0) -> float:
    value = node.get(key)
    return value.number(lowest, LONGEST_SECONDS) if value else default


def _headers(node: JsonNode | None) -> tuple[tuple[str, str], ...]:
    if node is None:
        return ()
    if len(node.each()) > MOST_HEADERS:
        node.refuse(f"{len(node.each())} headers, the maximum is {MOST_HEADERS}", "remove some")
    return tuple(_header(header) for header in node.each())


def _header(node: JsonNode) -> tuple[str, str]:
    name, value = node.get("name"), node.get("value")
    if name is None or value is None:
        node.refuse("a header needs a `name` and a `value`", 'write {"name": "…", "value": "…"}')
    if not _HEADER_NAME.fullmatch(name.text()):
        name.refuse(f"{quoted(name.text())} can't be a header's name", "write it as `X-Name`")
    if name.text().lower() in _FRAMING:
        name.refuse(f"{quoted(name.text())} is set by the check itself", "remove that header")
    if not _PRINTABLE.fullmatch(value.text()):
        value.refuse(f"{quoted(value.text())} contains non-ASCII characters", "write it in ASCII")
    return _short(name, name.text()), _short(value, value.text().strip())


def _short(node: JsonNode, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        node.refuse(f"{len(text)} characters, the maximum is {LONGEST_TEXT}", "shorten it")
    return text
