"""Causes that lie in where an app runs: what it may write, reach, execute and use."""

from __future__ import annotations

import re

from pushdeploy.model.cause import Cause, Evidence
from pushdeploy.model.database import NAMES, Database
from pushdeploy.model.instance import DEFAULT_MEMORY
from pushdeploy.model.log_line import KILLED_FOR_MEMORY
from pushdeploy.model.ports import BRIDGED, on_port
from pushdeploy.model.read_only import remedy
from pushdeploy.model.supply import VARIABLES, create, own

_DENIED = re.compile(r"(?:^|: )(?P<file>\.?[\w./-]{1,200}): Permission denied$", re.MULTILINE)
_REQUIRED = re.compile(
    r"(?:^|: )(?P<file>[\w./-]{1,200}): (?:cannot execute: required file not found"
    r"|/[^\n]{1,100}: bad interpreter: No such file or directory)$",
    re.MULTILINE,
)
_RETURNS = re.compile(
    r"env: .(?:[\w.]+)\\r.: No such file"
    r"|set: (?:Illegal option -|pipefail\r?: invalid option name)\r?$"
    r"|\$'\\r': command not found|\^M: bad interpreter",
    re.MULTILINE,
)
_CELERY_SCHEDULE = "Read-only file system: 'celerybeat-schedule"
_SQLITE = re.compile(r"unable to open database file|readonly database")
_LOG = re.compile(r"Read-only file system: ['\"](?:[^'\"\n]*/slugs/[0-9a-f]+/)?([\w.-]+\.log)['\"]")

_SERVICES = {
    "3306": ("MySQL", "DATABASE_URL", "mysql://USER:PASSWORD@HOST/NAME"),
    "5672": ("RabbitMQ", "CELERY_BROKER_URL", "amqp://USER:PASSWORD@HOST"),
    "27017": ("MongoDB", "MONGODB_URI", "mongodb://HOST/NAME"),
    "11211": ("memcached", "MEMCACHED_URL", "HOST:11211"),
    "9200": ("Elasticsearch", "ELASTICSEARCH_URL", "http://HOST:9200"),
}
_OWN = {"5432": Database.POSTGRES, "6379": Database.REDIS}
_LOCAL = r"(?:localhost|127\.0\.0\.1|::1|\[::1\])"
_REFUSED = re.compile(
    rf"{_LOCAL}[\"']?(?: \([\w.:]+\))?(?:, port |:)(?P<port>\d{{2,5}})\b[^\n]{{0,200}}refused"
    rf"|Connect call failed \('{_LOCAL}', (?P<asyncio>\d{{2,5}})\)"
    rf"|refused[^\n]{{0,100}}{_LOCAL}:(?P<after>\d{{2,5}})\b"
    rf"|{_LOCAL}:(?P<mongo>27017): \[Errno 111\]"
    r"|(?P<socket>connection to server on socket \"[^\"]{1,100}\.5432\" failed)"
    rf"|(?P<mysql>Can't connect to (?:local )?(?:MySQL )?server on '{_LOCAL}')"
)
_IN_USE = re.compile(r"[Aa]ddress already in use")
_TAKEN = re.compile(
    r"bind on address \('(?P<address>[\d.:a-f]{2,45})', (?P<port>\d{1,5})\b"
    r"|Port (?P<flask>\d{1,5}) is in use by another program"
)
_BACKGROUND = re.compile(r"(?:^|\s)(?:--daemon|-D)(?=\s|$)|(?<!&)&\s*$")


def memory(seen: Evidence) -> Cause | None:
    """The kernel ended a process."""
    if KILLED_FOR_MEMORY not in seen.output:
        return None
    return Cause(
        f"It needs more memory than the {DEFAULT_MEMORY} of the server's that it may use.",
        f"free -h; pushdeploy ps:scale {_type(seen)}=1 --app {seen.app}",
    )


def read_only(seen: Evidence) -> Cause | None:
    """It writes into its code, or where nobody may."""
    if _CELERY_SCHEDULE in seen.output:
        line = re.sub(r"(\bbeat\b)", r"\1 -s $HOME/celerybeat-schedule", seen.command, count=1)
        return Cause(
            "celery beat keeps its schedule in a file in the code, which is read-only.",
            f"write in the Procfile: {seen.process}: {line}",
        )
    found = remedy(seen.output, seen.slugs, seen.app)
    if found is None:
        return None
    database = seen.facts.sqlite
    if _SQLITE.search(seen.output) and database:
        return _database(seen, database)
    log = _LOG.search(seen.output)
    if log:
        return Cause(
            f"The app logs into its code, to `{log[1]}`; the code is read-only. What it prints is "
            "kept, too.",
            f"have it log to the console, {seen.again}",
        )
    return Cause(found.text, found.hint)


def _database(seen: Evidence, database: str) -> Cause:
    """SQLite names no path; the code does."""
    folder, _, file = database.rpartition("/")
    text = f"SQLite's `{database}` lies in the code, which is read-only."
    if folder:
        return Cause(text, f"pushdeploy storage:add {folder}/ --app {seen.app}")
    return Cause(
        f"{text} Keep it in a folder that is storage.",
        f"pushdeploy storage:add data/ --app {seen.app}; then have the code open data/{file}",
    )


def script(seen: Evidence) -> Cause | None:
    """A script of the repo that can't be executed."""
    if _RETURNS.search(seen.output):
        name = _script_of(seen.command) or "SCRIPT"
        return Cause(
            "The script has Windows line ends (CRLF), which a shell does not understand.",
            f"sed -i 's/\\r$//' {name}, {seen.again}",
        )
    denied = _DENIED.search(seen.output)
    if denied and denied["file"] in seen.command:
        file = denied["file"].removeprefix("./")
        return Cause(
            f"`{file}` may not be executed: git has it without its x bit.",
            f"git update-index --chmod=+x {file}, {seen.again}",
        )
    required = _REQUIRED.search(seen.output)
    if required and required["file"] in seen.command:
        file = required["file"].removeprefix("./")
        return Cause(
            f"The first line of `{file}` names a program that is not there, "
            "or the file has Windows line ends (CRLF).",
            f"sed -i 's/\\r$//' {file}, or fix its first line, {seen.again}",
        )
    return None


def refused(seen: Evidence) -> Cause | None:
    """Nobody listens where it looks for a database, a queue or a cache."""
    found = None
    for found in _REFUSED.finditer(seen.output):  # noqa: B007 - the last one is meant
        pass
    if found is None:
        return None
    port = found["port"] or found["after"] or found["mongo"] or found["asyncio"]
    port = port or ("5432" if found["socket"] else "3306")
    if port in _OWN:
        return _own_database(seen, _OWN[port], port)
    if port not in _SERVICES:
        return Cause(
            f"The app connects to port {port} of this server, where nothing listens.",
            f"pushdeploy config --app {seen.app}",
        )
    service, variable, example = _SERVICES[port]
    return Cause(
        f"The app looks for {service} on this server, where none listens on port {port}.",
        f"pushdeploy config:set {variable}={example} --app {seen.app}",
    )


def taken_port(seen: Evidence) -> Cause | None:
    """It wants a port of its own choice, which another program has; web has to take `$PORT`."""
    if seen.process != "web" or not _IN_USE.search(seen.output):
        return None
    found = _TAKEN.search(seen.output)
    port = int(found["port"] or found["flask"]) if found else None
    if port in BRIDGED or "$PORT" in seen.command:
        return None
    which = f"port {port}" if port else "a port"
    return Cause(
        f"The web process wants {which}, which another program has; it has to listen on `$PORT`.",
        on_port(seen.command, (found and found["address"]) or "", port),
    )


def _own_database(seen: Evidence, kind: Database, port: str) -> Cause:
    name, variable = NAMES[kind], VARIABLES[kind]
    if own(kind, seen.app, seen.config):
        return Cause(
            f"The app looks for {name} on port {port}, and not where `{variable}` says that it is.",
            f"have the code read {variable}, {seen.again}",
        )
    return Cause(
        f"The app looks for {name} on this server, where none listens on port {port}.",
        create(kind, seen.app),
    )


def background(seen: Evidence) -> Cause | None:
    """A server that was sent to the background, whose line then ends."""
    if not seen.ended or not _BACKGROUND.search(seen.command):
        return None
    line = _BACKGROUND.sub("", seen.command).strip()
    return Cause(
        "The line sends the server to the background and ends, and its processes end with it.",
        f"write in the Procfile: {seen.process}: {line}",
    )


def _type(seen: Evidence) -> str:
    return seen.process if seen.process not in ("release", "run") else "web"


def _script_of(command: str) -> str | None:
    found = re.search(r"(?:^|\s)(?:\./)?([\w./-]+\.sh|\./[\w./-]+)(?=\s|$)", command)
    return found[1].removeprefix("./") if found else None
