"""Which WSGI or ASGI application a Python module holds, by its text alone; nothing is imported."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_MODULE = 256 * 1024
"""Characters; a module that makes an application is short."""


class Speaks(StrEnum):
    """How a server calls an application."""

    WSGI = "wsgi"
    ASGI = "asgi"


@dataclass(frozen=True, slots=True)
class WebObject:
    """`app` of a module, or with `factory` the function that returns it."""

    name: str
    speaks: Speaks | None
    """None when the module does not show it."""
    factory: bool = False
    kind: str = ""
    """What people call it: `Flask`, `FastAPI`; empty when the module does not show it."""


WSGI, ASGI = Speaks.WSGI, Speaks.ASGI

MAKERS = {
    "flask.Flask": WSGI,
    "bottle.Bottle": WSGI,
    "bottle.default_app": WSGI,
    "falcon.API": WSGI,
    "falcon.App": WSGI,
    "falcon.asgi.App": ASGI,
    "django.core.wsgi.get_wsgi_application": WSGI,
    "django.core.asgi.get_asgi_application": ASGI,
    "web.application": WSGI,
    "apiflask.APIFlask": WSGI,
    "connexion.FlaskApp": WSGI,
    "fastapi.FastAPI": ASGI,
    "starlette.applications.Starlette": ASGI,
    "quart.Quart": ASGI,
    "litestar.Litestar": ASGI,
    "blacksheep.Application": ASGI,
    "socketio.ASGIApp": ASGI,
    "socketio.WSGIApp": WSGI,
    "channels.routing.ProtocolTypeRouter": ASGI,
    "sanic.Sanic": ASGI,
    "whitenoise.WhiteNoise": WSGI,
}
"""What makes an application, by its full name."""
KINDS = {"get_wsgi_application": "Django", "get_asgi_application": "Django", "API": "Falcon"}
NAMES = ("app", "application", "api", "asgi", "wsgi", "server")
"""Names of applications that are believed whatever made them; in their order."""
SURE_NAMES = ("app", "application")
FACTORIES = ("create_app", "make_app", "create_application", "make_application", "get_app")
NOT_OF_THE_WEB = frozenset(
    {"aiohttp", "celery", "faust", "gi", "kivy", "pyqt5", "pyqt6", "pyside6", "slack_bolt"}
    | {"telegram", "textual", "tkinter", "tornado", "typer", "wx"}
)
"""Packages whose apps no WSGI or ASGI server takes."""


def web_objects(text: str) -> tuple[WebObject, ...]:
    """The applications and factories of a module, the likeliest first; none if it can't be read."""
    if len(text) > LONGEST_MODULE:
        return ()
    try:
        module = ast.parse(text.removeprefix("\ufeff"))
        names = _imported(module)
        found = [*_assigned(module, names), *_defined(module, names)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found.sort(key=lambda one: (one.factory, _rank(one)))
    return tuple(found)


def _rank(one: WebObject) -> tuple[bool, int]:
    usual = FACTORIES if one.factory else NAMES
    return (not one.kind, usual.index(one.name) if one.name in usual else len(usual))


def _imported(module: ast.Module) -> dict[str, str]:
    """What each imported name stands for: `Flask` for `flask.Flask`."""
    found: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for one in node.names:
                found[one.asname or one.name] = one.name
        elif isinstance(node, ast.ImportFrom):
            where = "." * node.level + (node.module or "")
            for one in node.names:
                found[one.asname or one.name] = f"{where}.{one.name}"
    return found


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Those that run on import, also within `if`, `try` and `with`."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and _is_main(node.test):
            continue
        if isinstance(node, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from _statements(handler.body)


def _is_main(test: ast.expr) -> bool:
    """Whether it is `__name__ == "__main__"`, which no server makes true."""
    return isinstance(test, ast.Compare) and any(
        isinstance(one, ast.Name) and one.id == "__name__" for one in (test.left, *test.comparators)
    )


def _assigned(module: ast.Module, names: dict[str, str]) -> Iterator[WebObject]:
    for node in _statements(module.body):
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        elif isinstance(node, ast.ImportFrom):
            brought = {one.asname or one.name for one in node.names}
            for name in sorted(brought & set(SURE_NAMES)):
                if "celery" not in (node.module or ""):
                    yield WebObject(name, None)
            continue
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                yield from _made(target.id, value, names)


def _made(name: str, value: ast.expr, names: dict[str, str]) -> Iterator[WebObject]:
    """What an assignment makes; `app = other` is believed for the usual names only."""
    full = _full_name(value.func, names) if isinstance(value, ast.Call) else ""
    if full in MAKERS:
        yield WebObject(name, MAKERS[full], kind=_kind(full))
    elif name == "server" and isinstance(value, ast.Attribute) and value.attr == "server":
        yield WebObject(name, WSGI, kind="Dash")
    elif name in SURE_NAMES and (isinstance(value, ast.Name) or _makes_app(full)):
        yield WebObject(name, None)


def _makes_app(full: str) -> bool:
    """`create_app()` and the like; not `Celery()`, nor what only has the name of an app."""
    root, last = full.partition(".")[0], full.rpartition(".")[2]
    return "app" in last.lower() and root.lower() not in NOT_OF_THE_WEB


def _kind(full: str) -> str:
    last = full.rpartition(".")[2]
    return KINDS.get(last, last)


def _full_name(node: ast.expr, names: dict[str, str]) -> str:
    """`flask.Flask` of `Flask` or `flask.Flask`, by what was imported."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


def _defined(module: ast.Module, names: dict[str, str]) -> Iterator[WebObject]:
    """Applications that are functions themselves, and factories."""
    for node in _statements(module.body):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        given = [one.arg for one in node.args.args]
        if node.name in SURE_NAMES and isinstance(node, ast.AsyncFunctionDef):
            if len(given) == len(("scope", "receive", "send")):
                yield WebObject(node.name, ASGI, kind="ASGI")
        elif node.name in SURE_NAMES and len(given) == len(("environ", "start_response")):
            yield WebObject(node.name, WSGI, kind="WSGI")
        elif node.name in FACTORIES and isinstance(node, ast.FunctionDef) and _needs_nothing(node):
            yield _factory(node, names)


def _needs_nothing(node: ast.FunctionDef) -> bool:
    arguments = node.args
    wanted = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return wanted == 0 and all(one is not None for one in arguments.kw_defaults)


def _factory(node: ast.FunctionDef, names: dict[str, str]) -> WebObject:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and (full := _full_name(inner.func, names)) in MAKERS:
            return WebObject(node.name, MAKERS[full], factory=True, kind=_kind(full))
    return WebObject(node.name, None, factory=True)
