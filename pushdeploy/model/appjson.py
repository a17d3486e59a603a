"""`app.json`: the health checks in Dokku's form.

Checks of `web` are used (`dokku_check` says how), those of type `liveness` and `readiness` and of
other process types are passed over: nothing of ours runs between deploys, and workers are checked
by staying up. Other keys of the file are passed over too; our own part, `pushdeploy`, is read by
`repo_settings`.

Source: https://dokku.com/docs/appendices/file-formats/app-json/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.dokku_check import parse_check
from pushdeploy.model.health import DEFAULT_CHECK, HealthCheck
from pushdeploy.model.json_node import JsonNode, parse_json
from pushdeploy.model.text import quoted, refuse_longer

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_APP_JSON = 256 * 1024
"""Characters: other tools keep their own things there too."""
MOST_CHECKS = 10
"""Checks: each is asked in turn while the deploy waits."""


@dataclass(frozen=True, slots=True)
class AppJson:
    """What `app.json` says; `AppJson()` is what a tree without one says.

    `healthchecks` is never empty.
    """

    healthchecks: tuple[HealthCheck, ...] = (DEFAULT_CHECK,)


def parse_app_json(text: str) -> AppJson:
    """What an `app.json` says.

    Raises:
        RefusedInputError: It is not JSON (comments are not), or a value that is used has another
            type or form; the message names the place, such as `healthchecks.web[0].path`.
    """
    refuse_longer(text, LONGEST_APP_JSON, "app.json")
    root = parse_json(text, "app.json")
    root.keys()
    return AppJson(tuple(_checks(root)) or (DEFAULT_CHECK,))


def _checks(root: JsonNode) -> Iterator[HealthCheck]:
    healthchecks = root.get("healthchecks")
    web = healthchecks.get("web") if healthchecks else None
    if not web:
        return
    if len(web.each()) > MOST_CHECKS:
        web.refuse(f"{len(web.each())} checks, the maximum is {MOST_CHECKS}", "remove some")
    for node in web.each():
        kind = node.get("type")
        if kind is None or kind.text() == "startup":
            yield parse_check(node)
        elif kind.text() not in {"liveness", "readiness"}:
            kind.refuse(
                f"expected `startup`, `liveness` or `readiness`, found {quoted(kind.text())}",
                "write `startup`",
            )
