"""What a service that somebody wrote by hand comes to here: a Procfile line and config vars.

The usual tutorials end in such a unit: gunicorn in a venv, bound to a socket for nginx, as a user.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Mapping  # noqa: TC003 - the dataclass shows its field's type
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.config_var import check_name, check_value
from pushdeploy.model.text import quoted
from pushdeploy.model.unit_file import UnitFile, split_words
from pushdeploy.model.web_server import SERVERS, web_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WORKERS = frozenset(
    {"arq", "celery", "dramatiq", "huey_consumer", "huey_consumer.py", "procrastinate", "rq"}
)
"""Programs that take jobs."""

MIGRATIONS = re.compile(r"\b(migrate|upgrade head|db upgrade|collectstatic)\b")
"""What people run before a start, and here once for each release."""

_AS_WHO = {"-u", "--user", "-g", "--group", "-m", "--umask"}
_PLACES = {"-p", "--pid", "--pidfile", "--access-logfile", "--error-logfile", "--log-file"}

LEFT_OUT = {
    "gunicorn": {**dict.fromkeys(("-b", "--bind"), 1), **dict.fromkeys(_AS_WHO | _PLACES, 1)}
    | dict.fromkeys(("-D", "--daemon"), 0),
    "uvicorn": dict.fromkeys(("--uds", "--host", "--port", "--fd"), 1),
    "hypercorn": dict.fromkeys((*_AS_WHO, "-b", "--bind", "-p", "--pid"), 1)
    | dict.fromkeys(("-D", "--daemon"), 0),
    "daphne": dict.fromkeys(("-b", "--bind", "-p", "--port", "-u", "-e", "--endpoint", "--fd"), 1),
    "granian": dict.fromkeys(("--host", "--port", "--uds", "--pid-file"), 1),
    "waitress": dict.fromkeys(("--host", "--port", "--listen", "--unix-socket"), 1),
}
"""Options that say where a server listens, as whom it runs and where it writes, and how many words
belong to each: all of that is the release's."""

_PREFIXES = "@-:+!|"
_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$[A-Za-z_][A-Za-z0-9_]*|\$\$")
_SPECIFIER = re.compile(r"%(?!%)[A-Za-z]")


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    """A file with config vars that a unit names."""

    path: str
    optional: bool


@dataclass(frozen=True, slots=True)
class ImportedUnit:
    """What a unit comes to."""

    unit: str
    process_type: str
    """`web`, `worker`, …"""
    command: str
    """For the Procfile."""
    release: str
    """What it did before each start and a release does once; empty when nothing."""
    left_out: tuple[str, ...]
    """Words of its command that have no place here, as they stood."""
    values: Mapping[str, str]
    """What it sets by itself; the files come on top."""
    skipped: tuple[str, ...]
    """Names of what it sets and no app can set."""
    environment_files: tuple[EnvironmentFile, ...]
    folder: str
    """Its working directory; empty when it has none."""
    user: str

    @property
    def lines(self) -> tuple[str, ...]:
        """Its lines of the Procfile."""
        own = f"{self.process_type}: {self.command}"
        return (f"release: {self.release}", own) if self.release else (own,)


def imported(unit: str, file: UnitFile) -> ImportedUnit:
    """What a service comes to.

    Args:
        unit: its name, `blog.service`.
        file: what it says.

    Raises:
        RefusedInputError: It starts nothing, several things, or what only systemd can tell.
    """
    folder = file.last("WorkingDirectory").removeprefix("-").rstrip("/")
    words = _only_command(unit, file)
    command, left_out = _command(words, folder)
    values, skipped = _values(unit, file)
    before = [_joined(_relative(_words(unit, one), folder)) for one in file.all("ExecStartPre")]
    return ImportedUnit(
        unit=unit,
        process_type=_process_type(unit, command),
        command=command,
        release=" && ".join(one for one in before if MIGRATIONS.search(one)),
        left_out=left_out,
        values=values,
        skipped=skipped,
        environment_files=tuple(
            EnvironmentFile(_plain(unit, one).removeprefix("-"), one.startswith("-"))
            for one in file.all("EnvironmentFile")
        ),
        folder=_plain(unit, folder),
        user=file.last("User") or "root",
    )


def _only_command(unit: str, file: UnitFile) -> list[str]:
    commands = file.all("ExecStart")
    if len(commands) != 1:
        found = "starts nothing" if not commands else f"starts {len(commands)} commands"
        raise RefusedInputError(
            f"{quoted(unit)} {found}; a service with one `ExecStart=` can be imported",
            hint="write a Procfile by hand, with a line for each program",
        )
    return _words(unit, commands[0])


def _words(unit: str, value: str) -> list[str]:
    """The words of a command line, without systemd's own signs before its program."""
    value = value.strip()
    as_named = value[: len(value) - len(value.lstrip(_PREFIXES))]
    words = split_words(_plain(unit, value.lstrip(_PREFIXES)))
    return [words[0], *words[2:]] if "@" in as_named and len(words) > 1 else words


def _plain(unit: str, value: str) -> str:
    """A value without specifiers, which only systemd can replace.

    Raises:
        RefusedInputError: It has one; `%%` is a percent sign.
    """
    found = _SPECIFIER.search(value.replace("%%", ""))
    if found:
        raise RefusedInputError(
            f"{quoted(unit)} says {quoted(value)}, and only systemd knows what {found[0]} means",
            hint=f"systemctl show {unit} shows it; write the Procfile by hand",
        )
    return value.replace("%%", "%")


def _command(words: Sequence[str], folder: str) -> tuple[str, tuple[str, ...]]:
    """The command for the Procfile, and what was left out of it."""
    words = _relative(words, folder)
    server = web_server(_joined(words))
    options = LEFT_OUT.get(server or "", {})
    names = [PurePosixPath(word).name for word in words]
    begin = next((at for at, name in enumerate(names) if SERVERS.get(name) == server), 0)
    kept: list[str] = []
    left_out: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        length = _length(word, options)
        if length and position > begin:  # `-m` of `python -m gunicorn` is another
            left_out.append(_joined(words[position : position + length]))
        else:
            kept.append(word)
            length = 1
        position += length
    return _joined(kept), tuple(left_out)


def _length(word: str, options: Mapping[str, int]) -> int:
    """How many words an option that is left out takes; 0 for one that stays."""
    if word in options:
        return 1 + options[word]
    name, equals, _ = word.partition("=")
    if equals and options.get(name):
        return 1
    short = word[:2]
    glued = word[:1] == "-" and word[:2] != "--" and options.get(short) and len(word) > len(short)
    return 1 if glued else 0


def _relative(words: Sequence[str], folder: str) -> list[str]:
    """Programs of a venv by their name, files of the app by their place in it."""
    found: list[str] = []
    for index, word in enumerate(words):
        path = PurePosixPath(word)
        if path.is_absolute() and path.parent.name == "bin" and not index:
            found.append(path.name)
        elif folder and word.startswith(f"{folder}/"):
            found.append(word.removeprefix(f"{folder}/"))
        else:
            found.append(word)
    return found


def _joined(words: Sequence[str]) -> str:
    """As a line of a shell, in which systemd's variables are the shell's."""
    return " ".join(map(_for_shell, words))


def _for_shell(word: str) -> str:
    if not _VARIABLE.search(word):
        return shlex.quote(word)
    if re.fullmatch(r"\$[A-Za-z_][A-Za-z0-9_]*", word):
        return word  # alone and without braces: systemd splits it, and so does a shell
    parts: list[str] = []
    end = 0
    for match in _VARIABLE.finditer(word):
        meant = _in_quotes("$") if match[0] == "$$" else match[0]
        parts += [_in_quotes(word[end : match.start()]), meant]
        end = match.end()
    return f'"{"".join(parts)}{_in_quotes(word[end:])}"'


def _in_quotes(text: str) -> str:
    return re.sub(r'([\\"$`])', r"\\\1", text)


def _values(unit: str, file: UnitFile) -> tuple[dict[str, str], tuple[str, ...]]:
    """What the unit sets by itself, and what of it no app can set."""
    found: dict[str, str] = {}
    skipped: list[str] = []
    for word in _assignments(unit, file):
        match = _ASSIGNED.fullmatch(word)
        if match is None:
            continue  # systemd leaves it out as well
        try:
            check_name(match[1])
            check_value(match[1], match[2])
        except UsageError:
            skipped.append(match[1])
            continue
        found[match[1]] = match[2]
    return found, tuple(skipped)


def _assignments(unit: str, file: UnitFile) -> Iterator[str]:
    for value in file.all("Environment"):
        yield from split_words(_plain(unit, value))


def _process_type(unit: str, command: str) -> str:
    """`web` for whatever serves, else by the program, else by the unit's name."""
    if web_server(command):
        return "web"
    words = [PurePosixPath(word).name for word in shlex.split(command)]
    for program in words:
        if program in WORKERS:
            beats = program == "celery" and "beat" in words and "worker" not in words
            return "beat" if beats else "worker"
    tail = unit.removesuffix(".service").rpartition("-")[2].lower()
    return tail if tail in {"worker", "beat", "clock", "scheduler", "bot"} else "web"


def merged(units: Sequence[ImportedUnit]) -> tuple[str, ...]:
    """The Procfile of several units.

    Raises:
        RefusedInputError: Two of them would be lines of one name.
    """
    for one, other in itertools.combinations(units, 2):
        if one.process_type == other.process_type:
            raise RefusedInputError(
                f"{quoted(one.unit)} and {quoted(other.unit)} would both be `{one.process_type}:`",
                hint="import one of them, and add the other's line to the Procfile by hand",
            )
    releases = dict.fromkeys(one.release for one in units if one.release)
    release = [f"release: {' && '.join(releases)}"] if releases else []
    return (*release, *(f"{one.process_type}: {one.command}" for one in units))
