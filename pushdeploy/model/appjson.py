"""`app.json`: the health checks in Dokku's form, and our own part, `pushdeploy`.

Checks of `web` are used (`dokku_check` says how), those of type `liveness` and `readiness` and of
other process types are passed over: nothing of ours runs between deploys, and workers are checked
by staying up. Other keys of the file are passed over too, but unknown keys inside `pushdeploy` are
refused, because a misspelt `storage` would lose files.

Source: https://dokku.com/docs/appendices/file-formats/app-json/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pushdeploy.model.dokku_check import parse_check
from pushdeploy.model.health import DEFAULT_CHECK, HealthCheck
from pushdeploy.model.json_node import JsonNode, parse_json
from pushdeploy.model.storage import parse_new_folder, storage_set
from pushdeploy.model.text import quoted, refuse_longer

if TYPE_CHECKING:
    from collections.abc import Iterator

Bind = Literal["socket", "port"]

LONGEST_APP_JSON = 256 * 1024
"""Characters: other tools keep their own things there too."""
MOST_CHECKS = 10
"""Checks: each is asked in turn while the deploy waits."""


@dataclass(frozen=True, slots=True)
class AppJson:
    """What `app.json` says; `AppJson()` is what a tree without one says.

    `healthchecks` is never empty. `storage` is sorted, relative to the root, without a `/` at the
    end. `bind` forces how the web process listens; None leaves it to the Procfile's line.
    """

    healthchecks: tuple[HealthCheck, ...] = (DEFAULT_CHECK,)
    storage: tuple[str, ...] = ()
    bind: Bind | None = None


def parse_app_json(text: str) -> AppJson:
    """What an `app.json` says.

    Raises:
        RefusedInputError: It is not JSON (comments are not), or a value that is used has another
            type or form; the message names the place, such as `healthchecks.web[0].path`.
    """
    refuse_longer(text, LONGEST_APP_JSON, "app.json")
    root = parse_json(text, "app.json")
    root.keys()
    ours = root.get("pushdeploy")
    storage, bind = _ours(ours) if ours else ((), None)
    return AppJson(tuple(_checks(root)) or (DEFAULT_CHECK,), storage, bind)


def _ours(node: JsonNode) -> tuple[tuple[str, ...], Bind | None]:
    unknown = [key for key in node.keys() if key not in {"storage", "web"}]  # noqa: SIM118 - no dict
    if unknown:
        node.refuse(f"unknown key {quoted(unknown[0])}", "keep only `storage` and `web` there")
    folders = node.get("storage")
    web = node.get("web")
    bind = web.text() if web else None
    if web and bind not in {"socket", "port"}:
        web.refuse(
            f"expected `socket` or `port`, found {quoted(web.text())}",
            "write `socket` (gunicorn, uvicorn, …) or `port` (servers that listen on `$PORT`)",
        )
    return (
        storage_set(parse_new_folder(folder.text()) for folder in folders.each())
        if folders
        else (),
        "socket" if bind == "socket" else "port" if bind == "port" else None,
    )


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
