"""What the files of a repo say that helps to explain why its app did not start.

Read by the checkout worker, as the user who owns repos, and only after a failure.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pushdeploy.model.dependency_file import Source
from pushdeploy.model.requirements import names
from pushdeploy.model.toml import parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_NAMES = 20
LONGEST_NAME = 100
MOST_FILES = 50
"""Settings files that are read; and modules, for a command that they define."""

MOST_DEEP = 2
"""Folders around such a module."""

LONGEST_FILE = 1 << 18
"""Characters; a longer one is not looked into."""

_SETTINGS = re.compile(r"(?:[^/]+/){0,3}(?:settings|config)(?:/[^/]+)?\.py")
_MODULE = re.compile(r"(?<![\w.:-])([A-Za-z_][\w.]{0,100}):[A-Za-z_]\w*")
_HOSTS_VAR = re.compile(
    r"^ *ALLOWED_HOSTS\s*=[^\n]*?['\"]([A-Z][A-Z0-9_]{0,60})['\"]", re.MULTILINE
)
_SQLITE = re.compile(
    r"sqlite:///\.?/?(?P<url>[A-Za-z0-9][\w./-]{0,100})"
    r"|['\"](?:\./)?(?P<path>[A-Za-z0-9_][\w/-]{0,80}\.(?:sqlite3?|db))['\"]"
)
_LISTS = frozenset(one.value for one in Source if one is not Source.NOTHING)
_PATH = re.compile(r"[A-Za-z0-9_][\w./-]{0,100}")
_TOP_FOLDERS = re.compile(r"(?:[^/]+/){0,2}[^/]+")
_FLASK_APP = re.compile(r"\bflask\b[^\n]*?\s(?:--app|-A)[ =]([A-Za-z_][\w.]{0,100})")
_TABLES = r"(?:init|create)[-_]?(?:db|database|tables?|schema|all)"
_COMMAND = re.compile(
    rf"\.command\(\s*['\"](?P<name>{_TABLES})['\"]|\.command\(\)\s+def (?P<function>{_TABLES})\("
)
_CREATES = re.compile(rf"flask --app [A-Za-z_][\w.]{{0,100}} {_TABLES}")
_TOP = re.compile(r"[^/]+\.py")
_DEV_FILE = re.compile(
    r"(?:requirements[-_/])?(?:dev|develop|development|test|tests|local)"
    r"(?:[-_]requirements)?\.(?:txt|in)|requirements[-_](?:dev|test|local)\.txt"
)


@dataclass(frozen=True, slots=True)
class RepoFacts:
    """What is known of a repo; all of it may be empty."""

    migrate: str = ""
    """The command that brings its database up to date."""
    creates: str = ""
    """The repo's own command of Flask's that creates its tables, and may first drop them."""
    hosts_var: str = ""
    """The environment variable that Django's `ALLOWED_HOSTS` is read from."""
    sqlite: str = ""
    """The file of a database that the code names: `db.sqlite3`, `data/app.db`."""
    objects: tuple[str, ...] = ()
    """Names in the module of the web line that could be the app."""
    files: tuple[str, ...] = ()
    """Modules that the web line could mean: `blog.wsgi`."""
    dev_packages: tuple[str, ...] = ()
    """Packages that only development groups name, normalised."""
    lists_packages: bool = True
    """A file of the repo says which packages it needs."""


def look(read: Callable[[str], str | None], files: Iterable[str], command: str) -> RepoFacts:
    """Look at the files of a commit.

    Args:
        read: a file's text; `None` when it is not there or can't be read.
        files: the names of all.
        command: the web line of its Procfile.
    """
    present = sorted(files)
    settings = [name for name in present if _SETTINGS.fullmatch(name)][:MOST_FILES]
    top = [name for name in present if _TOP.fullmatch(name)][:MOST_FILES]
    hosts = (_HOSTS_VAR.search(_short(read(name))) for name in settings)
    module = _MODULE.search(command)
    return RepoFacts(
        migrate=_migrate(set(present)),
        creates=_creates(read, present, command),
        hosts_var=next((found[1] for found in hosts if found), ""),
        sqlite=_sqlite(_short(read(name)) for name in [*settings, *top]),
        objects=_objects(read, module[1]) if module else (),
        files=_servable(present),
        dev_packages=_dev_packages(read, present),
        lists_packages=not _LISTS.isdisjoint(present),
    )


def render_facts(facts: RepoFacts) -> str:
    """One JSON object."""
    return json.dumps(asdict(facts))


def parse_facts(text: str) -> RepoFacts:
    """The inverse; whatever has another form is left out, since another user wrote it."""
    try:
        table = json.loads(text)
    except ValueError:
        return RepoFacts()
    if not isinstance(table, dict):
        return RepoFacts()
    wanted = ("migrate", "creates", "hosts_var", "sqlite")
    migrate, creates, hosts, sqlite = (table.get(name) for name in wanted)
    return RepoFacts(
        migrate=str(migrate) if migrate in MIGRATIONS.values() else "",
        creates=creates if isinstance(creates, str) and _CREATES.fullmatch(creates) else "",
        hosts_var=hosts if isinstance(hosts, str) and re.fullmatch(r"[A-Z]\w{0,60}", hosts) else "",
        sqlite=sqlite if isinstance(sqlite, str) and _PATH.fullmatch(sqlite) else "",
        objects=_names(table.get("objects")),
        files=_names(table.get("files")),
        dev_packages=_names(table.get("dev_packages")),
        lists_packages=table.get("lists_packages") is not False,
    )


MIGRATIONS = {
    "manage.py": "python manage.py migrate",
    "alembic.ini": "alembic upgrade head",
    "migrations/alembic.ini": "flask db upgrade",
}
"""A file at a known place, and the command of the tool that it belongs to."""


def _migrate(present: set[str]) -> str:
    return next((command for file, command in MIGRATIONS.items() if file in present), "")


def _creates(read: Callable[[str], str | None], present: list[str], command: str) -> str:
    """`flask --app blog init-db`, where the package or the top of the repo defines that command."""
    module = _FLASK_APP.search(command) or _MODULE.search(command)
    if module is None:
        return ""
    package = module[1].partition(".")[0]
    near = [name for name in present if _TOP.fullmatch(name) or _is_in(name, package)]
    for name in near[:MOST_FILES]:
        found = _COMMAND.search(_short(read(name)))
        if found is not None:
            word = found["name"] or found["function"].replace("_", "-")
            return f"flask --app {module[1]} {word}"
    return ""


def _is_in(name: str, package: str) -> bool:
    return name.startswith(f"{package}/") and name.endswith(".py") and name.count("/") <= MOST_DEEP


def _sqlite(texts: Iterable[str]) -> str:
    for text in texts:
        found = _SQLITE.search(text)
        if found:
            return found["url"] or found["path"]
    return ""


def _objects(read: Callable[[str], str | None], module: str) -> tuple[str, ...]:
    """Names at the top of the module that are assigned a call, or are functions."""
    path = module.replace(".", "/")
    text = read(f"{path}.py") or read(f"{path}/__init__.py")
    try:
        body = ast.parse(_short(text)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found = []
    for statement in body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call | ast.Name):
            found += [one.id for one in statement.targets if isinstance(one, ast.Name)]
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(statement.name)
        elif isinstance(statement, ast.ImportFrom):
            found += [one.asname or one.name for one in statement.names if "app" in one.name]
    likely = [name for name in found if "app" in name or name in ("api", "server", "asgi", "wsgi")]
    return tuple(dict.fromkeys(likely))[:MOST_NAMES]


def _servable(present: list[str]) -> tuple[str, ...]:
    """Modules with names that apps have."""
    ends = ("wsgi.py", "asgi.py", "app.py", "main.py", "application.py")
    found = [
        name for name in present if name.rpartition("/")[2] in ends and _TOP_FOLDERS.fullmatch(name)
    ]
    modules = (name.removesuffix(".py").replace("/", ".") for name in found)
    return tuple(one for one in modules if _is_name(one))[:MOST_NAMES]


def _dev_packages(read: Callable[[str], str | None], present: list[str]) -> tuple[str, ...]:
    found: set[str] = set()
    for file in present:
        if _DEV_FILE.fullmatch(file):
            found |= names(_short(read(file)))
    found |= _dev_groups(_short(read("pyproject.toml")))
    return tuple(sorted(name for name in found if _is_name(name)))[:200]


def _dev_groups(text: str) -> set[str]:
    """What dependency groups (PEP 735) and those of Poetry and Pipenv name."""
    try:
        table: Any = parse_toml(text)
    except ValueError:
        return set()
    found: set[str] = set()
    groups = table.get("dependency-groups", {})
    for group in groups.values() if isinstance(groups, dict) else ():
        lines = [one for one in group if isinstance(one, str)] if isinstance(group, list) else []
        found |= names("\n".join(lines))
    poetry = table.get("tool", {}).get("poetry", {}) if isinstance(table.get("tool"), dict) else {}
    groups = poetry.get("group", {}) if isinstance(poetry, dict) else {}
    for group in groups.values() if isinstance(groups, dict) else ():
        packages = group.get("dependencies", {}) if isinstance(group, dict) else {}
        found |= {str(name).lower().replace("_", "-") for name in packages}
    return found


def _short(text: str | None) -> str:
    return "" if text is None or len(text) > LONGEST_FILE else text


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(one for one in value[:200] if isinstance(one, str) and _is_name(one))


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_][\w.-]{0,100}", text) is not None
