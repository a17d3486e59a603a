"""The Procfile that a tree without one most likely wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.requirements import names as package_names

if TYPE_CHECKING:
    from collections.abc import Iterable

ASGI_PACKAGES = frozenset({"fastapi", "litestar", "quart", "starlette", "uvicorn"})
"""Packages whose apps speak ASGI, which gunicorn alone does not serve."""
WSGI_PACKAGES = frozenset({"bottle", "django", "falcon", "flask", "pyramid"})
GENERIC = "web: gunicorn <module>:<app>"
"""Where nothing is recognised: the shape of the line, clearly not to be copied as it is."""


def missing_procfile(names: Iterable[str], requirements: str) -> RefusedInputError:
    """The refusal of a tree without a Procfile; the arguments are those of `suggest_procfile`."""
    line = suggest_procfile(names, requirements)
    return RefusedInputError(
        "there is no `Procfile` at the root of the repo, so nothing says how to start the app",
        hint=f"echo '{line}' > Procfile && git add Procfile && git commit -m 'Add a Procfile'",
    )


def suggest_procfile(names: Iterable[str], requirements: str) -> str:
    """One `web:` line for a tree that has no Procfile; a suggestion to read, never run as it is.

    Args:
        names: Path names of the tree, such as `app.py` and `mysite/wsgi.py`.
        requirements: The text of `requirements.txt`, or empty.
    """
    present = set(names)
    packages = package_names(requirements)
    asgi = bool(packages & ASGI_PACKAGES) and not packages & WSGI_PACKAGES
    if asgi:
        return _asgi_line(present)
    if "manage.py" in present:
        return f"web: gunicorn {_package_with(present, 'wsgi.py') or '<package>'}.wsgi"
    for module in ("wsgi", "app", "main", "server", "application"):
        if f"{module}.py" in present:
            return f"web: gunicorn {module}:app"
    package = _package_with(present, "wsgi.py")
    return f"web: gunicorn {package}.wsgi:app" if package else GENERIC


def _asgi_line(present: set[str]) -> str:
    package = _package_with(present, "main.py")
    module = next((name for name in ("main", "app", "asgi") if f"{name}.py" in present), None)
    if module is None:
        module = f"{package}.main" if package else "main"
    return f"web: uvicorn {module}:app --host 127.0.0.1 --port $PORT"


def _package_with(present: set[str], file: str) -> str | None:
    """The first folder of the root that can be imported and holds the file."""
    folders = sorted(name.removesuffix(f"/{file}") for name in present if name.endswith(f"/{file}"))
    return next((folder for folder in folders if folder.isidentifier()), None)
