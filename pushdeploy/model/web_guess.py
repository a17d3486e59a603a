"""The web line of a repo without a Procfile: by the application that its modules hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.dependencies import find_dependencies
from pushdeploy.model.platform_files import start_command
from pushdeploy.model.requirements import names as package_names
from pushdeploy.model.web_object import ASGI, Speaks, WebObject, web_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Read = Callable[[str], str | None]
    """The text of a file of the tree; None when it can't be read."""

MOST_MODULES = 60
"""Files that are looked into."""
MOST_TEXT = 1 << 20
"""Characters of all of them: Python's own parser takes some seconds for the worst of so many."""

ASGI_PACKAGES = frozenset({"blacksheep", "fastapi", "litestar", "quart", "starlette", "uvicorn"})
"""Packages whose apps speak ASGI, which gunicorn alone does not serve."""
WSGI_PACKAGES = frozenset({"bottle", "django", "falcon", "flask", "pyramid"})

GENERIC = "web: gunicorn <module>:<app>"
"""Where nothing is recognised: the shape of the line, clearly not to be copied as it is."""

LIKELY = ("wsgi", "asgi", "app", "main", "application", "server", "api", "web", "run", "index")
"""Names of modules that hold an application, the likeliest first."""
IN_PACKAGES = (*LIKELY, "__init__", "__main__")
SOURCE = "src"
NOT_THE_APP = frozenset(
    {
        "alembic",
        "bin",
        "conftest",
        "docs",
        "env",
        "examples",
        "manage",
        "migrations",
        "node_modules",
    }
    | {"scripts", "setup", "tasks", "test", "tests", "venv"}
)
"""Modules and folders that have another purpose."""

_MODULE = re.compile(r"(?:[A-Za-z_]\w*/)*[A-Za-z_]\w*\.py", re.ASCII)
_DOTTED = r"[A-Za-z_]\w{0,99}(?:\.[A-Za-z_]\w{0,99}){0,20}"
_SETTINGS = re.compile(rf"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]({_DOTTED})['\"]", re.ASCII)
_APPLICATION = re.compile(
    rf"^(WSGI|ASGI)_APPLICATION\s*=\s*['\"]({_DOTTED})\.([A-Za-z_]\w*)['\"]",
    re.ASCII | re.MULTILINE,
)
_FLASK_APP = re.compile(
    rf"^\s*(?:export\s+)?FLASK_APP\s*=\s*['\"]?({_DOTTED})(?:\.py)?(?::([A-Za-z_]\w*))?",
    re.ASCII | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Guess:
    """A web line, and what it is for."""

    command: str
    file: str
    """Where the application was found."""
    kind: str
    """`Flask`, `Django`, `WSGI`, …; empty for a command of another platform."""

    @property
    def procfile(self) -> str:
        """The Procfile that the tree could have had."""
        return f"web: {self.command}\n"

    @property
    def what(self) -> str:
        """As people say it."""
        return f"{f'{self.kind} app' if self.kind else 'start command'} in {self.file}"


def guess_or_refuse(paths: Iterable[str], read: Read) -> Guess:
    """How to start the app of a tree without a Procfile.

    Raises:
        RefusedInputError: nothing was found.
    """
    guess = guess_of(paths, read)
    if guess is None:
        raise RefusedInputError(
            "there is no `Procfile` at the root of the repo, so nothing says how to start the app",
            hint=f"echo '{GENERIC}' > Procfile && git add Procfile && "
            "git commit -m 'Add a Procfile'",
        )
    return guess


def guess_of(paths: Iterable[str], read: Read) -> Guess | None:
    """The same; None when nothing was found."""
    present = list(paths)
    return guess_web(present, read, _listed(present, read))


def _listed(paths: list[str], read: Read) -> str:
    """The packages of the list that counts, one a line; none where it can't be read."""
    try:
        return "\n".join(sorted(find_dependencies(paths, read).packages))
    except RefusedInputError:
        return ""


@dataclass(frozen=True, slots=True)
class _Place:
    folder: str
    """Where imports begin: empty or `src`."""
    path: str

    @property
    def module(self) -> str:
        inner = self.path[len(self.folder) + 1 :] if self.folder else self.path
        return inner.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def guess_web(paths: Iterable[str], read: Read, requirements: str = "") -> Guess | None:
    """How to start the app; None when nothing was found.

    Args:
        paths: every path of the tree.
        read: gives a file's text.
        requirements: the packages that are listed, one a line, for a module that does not show
            what it holds.
    """
    present = sorted(path for path in paths if _MODULE.fullmatch(path))
    files = set(present)
    told = start_command(read)
    if told is not None:
        return Guess(*told, "")
    django = _django(files, read)
    if django is not None:
        return django
    found = list(_found(_places(present, read), read))
    if not found:
        return _streamlit(present, read)
    place, one = min(found, key=lambda pair: pair[1].factory)
    return _line(place, one, one.speaks or _usual(found, requirements))


def _found(places: list[_Place], read: Read) -> Iterator[tuple[_Place, WebObject]]:
    """What the modules hold, as far as they are looked into."""
    left = MOST_TEXT
    for place in places:
        text = read(place.path) or ""
        left -= len(text)
        if left < 0:
            return
        for one in web_objects(text):
            yield place, one


def _usual(found: list[tuple[_Place, WebObject]], requirements: str) -> Speaks:
    """What the other modules speak, else what the packages do."""
    known = {one.speaks for _, one in found if one.speaks}
    if len(known) == 1:
        return known.pop()
    packages = package_names(requirements)
    return ASGI if packages & ASGI_PACKAGES and not packages & WSGI_PACKAGES else Speaks.WSGI


def _places(present: list[str], read: Read) -> list[_Place]:
    """The modules to look into, the likeliest first."""
    found = [_Place(*one) for one in _named_by_flask(present, read)]
    for folder in ("", SOURCE):
        here = [path for path in present if _below(path, folder) is not None]
        inner = {path: _below(path, folder) or "" for path in here}
        top = [path for path in here if "/" not in inner[path]]
        deeper = [path for path in here if inner[path].count("/") in {1, 2}]
        top.sort(key=lambda path: _likelihood(inner[path], LIKELY))
        deeper.sort(
            key=lambda path: (inner[path].count("/"), *_likelihood(inner[path], IN_PACKAGES))
        )
        deeper = [path for path in deeper if _stem(inner[path]) in IN_PACKAGES]
        found += [
            _Place(folder, path)
            for path in (*top, *deeper)
            if not NOT_THE_APP & set(inner[path].removesuffix(".py").split("/"))
            and not (folder == "" and path.startswith(f"{SOURCE}/"))
        ]
    return found[:MOST_MODULES]


def _named_by_flask(present: list[str], read: Read) -> Iterator[tuple[str, str]]:
    """The module that a `.flaskenv` names."""
    match = _FLASK_APP.search(read(".flaskenv") or "")
    if match:
        path = match[1].removesuffix(".py").replace(".", "/")
        for name in (f"{path}.py", f"{path}/__init__.py"):
            if name in present:
                yield "", name


def _below(path: str, folder: str) -> str | None:
    if not folder:
        return path
    return path[len(folder) + 1 :] if path.startswith(f"{folder}/") else None


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _likelihood(path: str, order: tuple[str, ...]) -> tuple[int, str]:
    stem = _stem(path)
    return (order.index(stem) if stem in order else len(order), path)


def _line(place: _Place, one: WebObject, speaks: Speaks) -> Guess:
    target = f"{place.module}:{one.name}"
    if speaks is ASGI:
        factory = " --factory" if one.factory else ""
        where = f" --app-dir {place.folder}" if place.folder else ""
        command = f"uvicorn {target}{factory}{where} --host 127.0.0.1 --port $PORT"
    else:
        where = f" --pythonpath {place.folder}" if place.folder else ""
        command = f"gunicorn{where} " + (f"'{target}()'" if one.factory else target)
    return Guess(command, place.path, one.kind or speaks.upper())


def _django(files: set[str], read: Read) -> Guess | None:
    """By `manage.py`, which names the settings, which name the application."""
    managers = [path for path in files if path == "manage.py" or path.endswith("/manage.py")]
    for path in sorted(managers, key=lambda path: (path.count("/"), path)):
        folder = path.removesuffix("manage.py")
        settings = _SETTINGS.search(read(path) or "")
        if settings is None or path.count("/") > 1:
            continue
        module = settings[1].replace(".", "/")
        for name in (f"{module}.py", f"{module}/__init__.py", f"{module}/base.py"):
            text = read(f"{folder}{name}") if f"{folder}{name}" in files else None
            for _, dotted, attribute in sorted(_APPLICATION.findall(text or "")):  # ASGI first
                file = f"{folder}{dotted.replace('.', '/')}.py"
                if file in files:
                    return _django_line(folder, f"{dotted}:{attribute}", file)
        package = settings[1].partition(".")[0]
        for which in ("wsgi", "asgi"):
            file = f"{folder}{package}/{which}.py"
            if file in files:
                return _django_line(folder, f"{package}.{which}:application", file)
    return None


def _django_line(folder: str, target: str, file: str) -> Guess:
    if file.endswith("asgi.py"):
        where = f" --app-dir {folder.rstrip('/')}" if folder else ""
        return Guess(f"uvicorn {target}{where} --host 127.0.0.1 --port $PORT", file, "Django")
    where = f" --chdir {folder.rstrip('/')}" if folder else ""
    return Guess(f"gunicorn{where} {target}", file, "Django")


def _streamlit(present: list[str], read: Read) -> Guess | None:
    """A script at the root that imports streamlit."""
    top = sorted(
        (one for one in present if "/" not in one), key=lambda one: _likelihood(one, LIKELY)
    )
    for path in top[:MOST_MODULES]:
        if re.search(r"^(?:import|from) streamlit\b", read(path) or "", re.MULTILINE):
            options = "--server.port $PORT --server.address 127.0.0.1 --server.headless true"
            return Guess(f"streamlit run {path} {options}", path, "Streamlit")
    return None
