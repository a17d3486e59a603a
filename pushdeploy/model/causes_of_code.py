"""Causes that lie in the code or in what it was given: config vars, packages, names, tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pushdeploy.model.cause import Cause, Evidence, last_of
from pushdeploy.model.database import Database
from pushdeploy.model.import_names import PACKAGES, package_of
from pushdeploy.model.supply import POSTGRES_VAR, create, supply
from pushdeploy.model.web_line import advice
from pushdeploy.model.web_server import SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUIREMENTS = "requirements.txt"
"""What a repo gets that lists no packages yet."""

_VAR = r"([A-Za-z_][A-Za-z0-9_]{0,100})"
_UNSET = (
    re.compile(
        r'(?:<frozen os>|/os\.py)", line \d+, in __getitem__\n(?:    [^\n]*\n){0,2}KeyError: '
        rf"['\"]{_VAR}['\"]"
    ),
    re.compile(rf'EnvNotSetError: Environment variable "{_VAR}" not set'),
    re.compile(rf"EnvError: Environment variable \"{_VAR}\" not set"),
    re.compile(rf"ImproperlyConfigured: Set the {_VAR} environment variable"),
    re.compile(rf"UndefinedValueError: {_VAR} not found\. Declare it as envvar"),
    re.compile(rf"Missing required environment variable:? ['\"`]?{_VAR}"),
)
"""os.environ, environs, django-environ, python-decouple."""
_EMPTY_KEY = "ImproperlyConfigured: The SECRET_KEY setting must not be empty"
_FIELDS = re.compile(r"validation errors? for (\w{1,100})\n")
_FIELD = re.compile(rf"^{_VAR}\n  Field required \[type=missing", re.MULTILINE)

_MODULE = re.compile(r"ModuleNotFoundError: No module named '([A-Za-z_][\w.]{0,100})'")
_OTHERS = (
    (
        re.compile(r"Error loading psycopg2? or psycopg2? module|Error loading psycopg2 module"),
        "psycopg[binary]",
    ),
    (re.compile(r"Error loading MySQLdb module"), "mysqlclient"),
    (re.compile(r'requires "python-multipart" to be installed'), "python-multipart"),
    (re.compile(r"email-validator is not installed"), "email-validator"),
    (re.compile(r"Cannot use ImageField because Pillow is not installed"), "pillow"),
)
_CELERY_MODULE = re.compile(
    r"Unable to load celery application\.\s{1,3}The module ([A-Za-z_][\w.]{0,100}) was not found"
)
_LIBRARY = re.compile(r"(lib[\w.+-]{1,60}\.so[.\d]*): cannot open shared object file")
_DEBIAN = {
    "libGL.so.1": "libgl1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libmagic.so.1": "libmagic1",
    "libpq.so.5": "libpq5",
    "libmariadb.so.3": "libmariadb3",
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libgomp.so.1": "libgomp1",
    "libxml2.so.2": "libxml2",
    "libodbc.so.2": "unixodbc",
    "libsndfile.so.1": "libsndfile1",
    "libatomic.so.1": "libatomic1",
}
_ATTRIBUTE = re.compile(
    r"Failed to find attribute '(?P<gunicorn>\w+)' in '(?P<module>[\w.]+)'"
    r'|Attribute "(?P<uvicorn>\w+)" not found in module "(?P<other>[\w.]+)"'
)
_NOT_FOUND = re.compile(
    r"(?:^|: )(?P<program>[\w.+-]{1,100}): (?:command )?not found$", re.MULTILINE
)
_TABLE = re.compile(
    r"no such table: ([\w.]{1,100})"
    r'|relation "([\w.]{1,100})" does not exist'
    r"|Table '([\w.]{1,100})' doesn't exist"
)
_INTERFACES = re.compile(r"__call__\(\) missing 1 required positional argument: 'send'")
_NO_DATABASE = (
    ("settings.DATABASES is improperly configured. Please supply the ENGINE value", "Django"),
    ("'NoneType' object has no attribute '_instantiate_plugins'", "SQLAlchemy"),
    ("Expected string or URL object, got None", "SQLAlchemy"),
)


def config_var(seen: Evidence) -> Cause | None:
    """A config var that the code needs is not set."""
    missing = [found[1] for pattern in _UNSET for found in pattern.finditer(seen.output)]
    if _EMPTY_KEY in seen.output:
        missing.append("SECRET_KEY")
    settings = list(_FIELDS.finditer(seen.output))
    if settings and not missing:
        after = seen.output[settings[-1].end() :]
        missing = [found[1].upper() for found in _FIELD.finditer(after)]
    if not missing:
        return None
    wanted = list(dict.fromkeys(missing))
    verb = "is" if len(wanted) == 1 else "are"
    noun = "config var" if len(wanted) == 1 else "config vars"
    return Cause(
        f"The app needs the {noun} {_listed(wanted)}, which {verb} not set.",
        supply(wanted, seen.app, seen.config),
    )


def no_database(seen: Evidence) -> Cause | None:
    """The code got no database, as by `os.environ.get("DATABASE_URL")` where it is not set."""
    by = next((library for words, library in _NO_DATABASE if words in seen.output), "")
    if not by:
        return None
    if POSTGRES_VAR in seen.config:
        return Cause(
            f"{by} has no database: `{POSTGRES_VAR}` is set, and the code does not read it.",
            f"have the code read {POSTGRES_VAR}, {seen.again}",
        )
    return Cause(
        f"{by} has no database: the code finds none, as when `{POSTGRES_VAR}` is not set.",
        create(Database.POSTGRES, seen.app),
    )


def missing_module(seen: Evidence) -> Cause | None:
    """A module that no installed package brings."""
    celery = last_of(_CELERY_MODULE, seen.output)
    if celery is not None:
        return _wrong_line(seen, celery[1])
    found = last_of(_MODULE, seen.output)
    if found is None:
        return None
    name = found[1]
    if name not in PACKAGES and advice(
        seen.command, f"ModuleNotFoundError: No module named '{name}'"
    ):
        return _wrong_line(seen, name)
    first = name.partition(".")[0]
    if first in {one.partition(".")[0] for one in seen.facts.files}:
        return None
    return _package(seen, package_of(name), f"`{name}` can't be imported")


def driver(seen: Evidence) -> Cause | None:
    """A package that a library names in words of its own."""
    for pattern, package in _OTHERS:
        if pattern.search(seen.output):
            return _package(seen, package, f"`{package}` is not installed")
    return None


def _package(seen: Evidence, package: str, what: str) -> Cause:
    plain = re.split(r"[\[<]", package)[0].lower()
    if plain in seen.facts.dev_packages:
        return Cause(
            f"{what}: `{plain}` is there for development only.",
            f"move {plain} to the dependencies of the app, {seen.again}",
        )
    return Cause(
        f"{what}: no package that was installed has it.",
        f"add {package} to {'the dependencies' if seen.facts.lists_packages else REQUIREMENTS}, "
        f"{seen.again}",
    )


def _wrong_line(seen: Evidence, name: str) -> Cause:
    files = seen.facts.files if seen.process == "web" else ()
    there = [one for one in files if one.rpartition(".")[2] in ("wsgi", "asgi", "app", "main")]
    has = f"; the repo has {_listed(there[:3])}" if there else ""
    return Cause(
        f"The {seen.process} line names the module `{name}`, which is not there{has}.",
        f"fix the {seen.process} line of the Procfile, {seen.again}",
    )


def missing_library(seen: Evidence) -> Cause | None:
    """A library of the system that a package needs."""
    found = last_of(_LIBRARY, seen.output)
    if found is None:
        return None
    package = _DEBIAN.get(found[1])
    return Cause(
        f"A package needs `{found[1]}`, which the server does not have.",
        f"on the server: sudo apt-get install {package}"
        if package
        else f"on the server: apt-file search {found[1]}",
    )


def missing_name(seen: Evidence) -> Cause | None:
    """The module of the web line has no such name."""
    found = last_of(_ATTRIBUTE, seen.output)
    if found is None:
        return None
    wanted = found["gunicorn"] or found["uvicorn"]
    where = found["module"] or found["other"]
    names = [one for one in seen.facts.objects if one != wanted]
    line = seen.command.replace(f"{where}:{wanted}", f"{where}:{names[0]}") if names else ""
    has = f"; it has {_listed(names[:3])}" if names else ""
    return Cause(
        f"`{where}` has no `{wanted}`{has}.",
        f"write in the Procfile: {seen.process}: {line}"
        if line and line != seen.command
        else f"fix the {seen.process} line of the Procfile, {seen.again}",
    )


def program(seen: Evidence) -> Cause | None:
    """A program that no package has brought."""
    found = last_of(_NOT_FOUND, seen.output)
    if found is None or found["program"] not in seen.command:
        return None
    missing = found["program"]
    if missing in SERVERS or missing in ("celery", "flask", "rq", "dramatiq", "huey_consumer"):
        package = SERVERS.get(missing, missing).partition("_")[0]
        return _package(seen, package, f"`{missing}` is not installed")
    return Cause(
        f"The {seen.process} line starts `{missing}`, which is not there.",
        f"fix the {seen.process} line of the Procfile, {seen.again}",
    )


def table(seen: Evidence) -> Cause | None:
    """The database has no tables yet."""
    found = last_of(_TABLE, seen.output) or last_of(_TABLE, seen.body)
    if found is None:
        return None
    missing = next(filter(None, found.groups()))
    command = seen.facts.migrate
    text = f"The database has no table `{missing}`"
    if not command and seen.facts.creates:
        return Cause(
            f"{text}: nothing has created its tables yet.",
            f"pushdeploy run --app {seen.app} {seen.facts.creates}",
        )
    if not command:
        return Cause(f"{text}.", "add a `release:` line that creates the tables to the Procfile")
    return Cause(
        f"{text}: nothing has run its migrations.",
        f"echo 'release: {command}' >> Procfile, {seen.again}"
        if seen.process == "web"
        else f"pushdeploy run --app {seen.app} {command}",
    )


def interface(seen: Evidence) -> Cause | None:
    """An ASGI app that a WSGI server calls."""
    if not _INTERFACES.search(seen.output):
        return None
    line = seen.command.replace("gunicorn ", "gunicorn -k uvicorn_worker.UvicornWorker ", 1)
    return Cause(
        "The app speaks ASGI, and gunicorn calls it as WSGI.",
        f"add uvicorn-worker to the dependencies, and write: web: {line}",
    )


def _listed(names: Iterable[str]) -> str:
    *first, last = [f"`{name}`" for name in names]
    return f"{', '.join(first)} and {last}" if first else last
