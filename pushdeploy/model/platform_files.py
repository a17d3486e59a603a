"""Files by which other platforms are told how to run a repo: what is read there, what is not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pushdeploy.model.database import Database
from pushdeploy.model.toml import parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Read = Callable[[str], str | None]

FILES = (
    *(".buildpacks", "CHECKS", "Dockerfile", "compose.yaml", "compose.yml", "docker-compose.yaml"),
    *("docker-compose.yml", "fly.toml", "heroku.yml", "nixpacks.toml", "railway.json"),
    *("railway.toml", "render.yaml"),
)
"""Those that are known, at the root of a repo."""

KEYS = ("addons", "buildpacks")
"""Keys of app.json that have an effect on Heroku or Dokku, and none here."""

ADDONS = {
    Database.POSTGRES: {"heroku-postgresql", "crunchybridge"},
    Database.MYSQL: {"jawsdb", "jawsdb-maria", "cleardb", "stackhero-mysql", "stackhero-mariadb"},
    Database.REDIS: {"heroku-redis", "heroku-kvs", "rediscloud", "redistogo", "stackhero-redis"},
}
"""Heroku's names of services that the server can give an app itself."""

SCRIPTS = ("pr-predestroy",)
"""Keys of its `scripts` that Heroku runs, and nobody here."""

_RENDER = re.compile(r"^[ \t-]*startCommand:[ \t]*(\S.*)$", re.MULTILINE)
_RENDER_TYPE = re.compile(r"^[ \t-]*type:[ \t]*['\"]?(\w+)", re.MULTILINE)
_RENDER_ITEM = re.compile(r"^( *)- ", re.MULTILINE)
_HEROKU_RUN = re.compile(r"^run:[ \t]*\r?\n((?:[ \t]+.*\r?\n?)+)", re.MULTILINE)
_HEROKU_WEB = re.compile(r"^[ \t]+web:[ \t]*(\S.*)$", re.MULTILINE)
_PLAIN = re.compile(r"[^\x00-\x1f\x7f]{1,2000}")
_BLOCK = ("|", ">")
"""How a text of several lines begins in YAML."""


def passed_over(names: Iterable[str], app_json: str, used: str = "") -> tuple[str, ...]:
    """What of a repo is for other platforms only.

    Args:
        names: paths of the tree.
        app_json: the text of app.json, or empty.
        used: the file that the web line was taken from.
    """
    found = [name for name in sorted(set(names) & set(FILES)) if name != used]
    record = _json(app_json)
    keys = [key for key in KEYS if isinstance(record, dict) and record.get(key)]
    if isinstance(record, dict) and isinstance(record.get("scripts"), dict):
        keys += [f"scripts.{one}" for one in SCRIPTS if record["scripts"].get(one)]
    return (*found, *([f"{', '.join(keys)} in app.json"] if keys else []))


def wanted_databases(app_json: str) -> tuple[Database, ...]:
    """Those that its `addons` ask for, as on Heroku: `["heroku-postgresql:mini"]`."""
    addons = _of(_json(app_json), "addons")
    plans = [
        _of(one, "plan") if isinstance(one, dict) else one
        for one in (addons if isinstance(addons, list) else ())
    ]
    services = {plan.partition(":")[0] for plan in plans if isinstance(plan, str)}
    return tuple(kind for kind, names in ADDONS.items() if services & names)


def start_command(read: Read) -> tuple[str, str] | None:
    """The command by which another platform starts web, and the file that says it."""
    for file, command in _commands(read):
        text = command.strip() if isinstance(command, str) else ""
        if text and _PLAIN.fullmatch(text) and text[0] not in _BLOCK and text[-1] != "\\":
            return text, file
    return None


def _commands(read: Read) -> Iterator[tuple[str, object]]:
    yield "railway.json", _of(_json(read("railway.json")), "deploy", "startCommand")
    yield "railway.toml", _of(_toml(read("railway.toml")), "deploy", "startCommand")
    yield "nixpacks.toml", _of(_toml(read("nixpacks.toml")), "start", "cmd")
    fly = _of(_toml(read("fly.toml")), "processes")
    yield "fly.toml", _of(fly, "web") or _of(fly, "app")
    section = _HEROKU_RUN.search(read("heroku.yml") or "")
    yield "heroku.yml", _scalar(_HEROKU_WEB.search(section[1])) if section else None
    yield "render.yaml", _scalar(_RENDER.search(_web_of_render(read("render.yaml") or "")))


def _web_of_render(text: str) -> str:
    """What render.yaml says of its first web service; it may name workers before that."""
    services = text.partition("services:")[2]
    first = _RENDER_ITEM.search(services)
    if first is None:
        return ""
    each = re.split(rf"^{first[1]}- ", services, flags=re.MULTILINE)
    kinds = ((one, _RENDER_TYPE.search(one)) for one in each)
    return next((one for one, kind in kinds if kind and kind[1] == "web"), "")


def _scalar(match: re.Match[str] | None) -> str | None:
    """A text of YAML on one line; quotes around all of it are not part of it."""
    if match is None:
        return None
    text = match[1].strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text


def _of(value: object, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _json(text: str | None) -> object:
    try:
        return json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}


def _toml(text: str | None) -> object:
    try:
        return parse_toml(text or "")
    except ValueError:
        return {}
