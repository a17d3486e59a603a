"""The Procfile: one process type and its command per line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.text import CONTROL, pointed_at, quoted, refuse_longer

PROCFILE = "Procfile"
MOST_PROCESS_TYPES = 32
"""Process types: far more than real apps have, few enough to start and to show in a table."""
LONGEST_PROCFILE = 64 * 1024
"""Characters: all process types with long commands."""
LONGEST_COMMAND = 8192
"""Characters of one line: what is longer belongs in a script of the repo."""
LONGEST_TYPE_NAME = 63
"""Characters: Heroku's limit, and a unit's name has room for it."""
LONGEST_ADVICE = 60
"""Characters of a line that a hint repeats in full."""
USUAL_NAMES = frozenset({"web", "release", "worker", "clock", "beat", "celery", "scheduler"})
"""First words of a line that are taken for its name, not for a program."""

_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,62})\s*:\s*(\S.*)")
_CONFLICT = re.compile(r"(<{7}|={7}|>{7}|\|{7})($|\s)")


@dataclass(frozen=True, slots=True)
class ProcessLine:
    """One process type: its name, its command for the shell, and its line in the file, from 1."""

    name: str
    command: str
    line: int


@dataclass(frozen=True, slots=True)
class Procfile:
    """The process types in the order of the file; at least one that keeps running."""

    lines: tuple[ProcessLine, ...]

    @property
    def has_web(self) -> bool:
        """Whether anything answers HTTP; without it there are only workers."""
        return self.get("web") is not None

    @property
    def web(self) -> ProcessLine:
        """The process that answers HTTP, of a Procfile that has one."""
        return next(line for line in self.lines if line.name == "web")

    @property
    def release(self) -> ProcessLine | None:
        """The one-off that runs before each new release goes live, such as a migration."""
        return self.get("release")

    @property
    def workers(self) -> tuple[ProcessLine, ...]:
        """All that keeps running beside `web`."""
        return tuple(line for line in self.lines if line.name not in {"web", "release"})

    def get(self, name: str) -> ProcessLine | None:
        """The process type with exactly this name."""
        return next((line for line in self.lines if line.name == name), None)


def unit_safe(name: str) -> str:
    """The process type's name as a field of a unit's name: `send_mail` for `send-mail`."""
    return name.replace("-", "_")


def parse_procfile(text: str) -> Procfile:
    """The process types of a Procfile.

    Args:
        text: One `name: command` per line; blank lines and lines that begin with `#` are skipped.
            A `#` inside a command belongs to the command. Line ends may be CRLF.

    Raises:
        RefusedInputError: A line does not follow the grammar, two names are equal or differ only
            in case or `_` and `-` (their units would be one), or nothing would keep running.

    Source: https://devcenter.heroku.com/articles/procfile
    """
    refuse_longer(text, LONGEST_PROCFILE, "Procfile")
    found: list[ProcessLine] = []
    # Not splitlines(): it also ends lines at form feeds and U+2028, which editors do not count.
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        line = raw.removesuffix("\r").rstrip(" \t")
        if line.strip() and not line.lstrip().startswith("#"):
            found.append(_parse_line(line, number))
    _refuse_collisions(found)
    _refuse_idle(found)
    return Procfile(tuple(found))


def _parse_line(line: str, number: int) -> ProcessLine:
    if len(line) > LONGEST_COMMAND:
        raise RefusedInputError(
            f"line {number} of the `Procfile` has {len(line):,} characters; the maximum is "
            f"{LONGEST_COMMAND:,}",
            hint="put the command in a script in the repo, and run that",
        )
    control = CONTROL.search(line)
    if control:
        raise _refusal(
            line, number, control.start(), "a control character", "remove it, and save as UTF-8"
        )
    match = _LINE.fullmatch(line)
    if not match:
        raise _explained(line, number)
    name, command = match[1], match[2]
    if (len(command) - len(command.rstrip("\\"))) % 2:
        raise _refusal(
            line,
            number,
            len(line) - 1,
            "a command that continues on the next line",
            "put it all on one line",
        )
    if name != name.lower() and name.lower() in {"web", "release"}:
        raise _refusal(
            line, number, 0, f"a special name in capitals, `{name}`", f"write `{name.lower()}:`"
        )
    return ProcessLine(name, command, number)


def _explained(line: str, number: int) -> RefusedInputError:
    """Why a line does not match the grammar, with a caret where it stops matching."""
    if _CONFLICT.match(line):
        return _refusal(
            line, number, 0, "a merge conflict marker", "resolve the conflict and commit again"
        )
    name = re.match(r"[A-Za-z0-9][A-Za-z0-9_-]*", line)
    if line[0].isspace():
        return _refusal(line, number, 0, "spaces before the name", "begin the line with the name")
    if not name:
        return _refusal(
            line, number, 0, "no process name", "write `name: command`, or `#` before a comment"
        )
    if name.end() > LONGEST_TYPE_NAME:
        return _refusal(
            line,
            number,
            LONGEST_TYPE_NAME,
            f"a name of {name.end()} characters",
            f"use at most {LONGEST_TYPE_NAME}",
        )
    rest = line[name.end() :]
    after = name.end() + len(rest) - len(rest.lstrip())
    if not rest.lstrip().startswith(":"):
        advice = f"write `{_meant(line, name[0], rest)}`"
        return _refusal(line, number, after, "no `:` after the name", advice)
    return _refusal(line, number, len(line), "no command", f"write `{name[0]}: <command>`")


def _meant(line: str, name: str, rest: str) -> str:
    """What a line without its `:` should be: `gunicorn app:app` lacks the name as well."""
    command = rest.strip()
    if not rest[:1].isspace() or not command or ": " in command or len(line) > LONGEST_ADVICE:
        return f"{name}: <command>"
    return f"{name}: {command}" if name in USUAL_NAMES else f"web: {line}"


def _refusal(line: str, number: int, column: int, found: str, advice: str) -> RefusedInputError:
    return RefusedInputError(
        f"line {number} of the `Procfile` has {found}:\n{pointed_at(line, column)}",
        hint=f"on line {number} of the Procfile, {advice}",
    )


def _refuse_collisions(found: list[ProcessLine]) -> None:
    seen: dict[str, ProcessLine] = {}
    for line in found:
        other = seen.setdefault(unit_safe(line.name).lower(), line)
        if other is line:
            continue
        if other.name == line.name:
            problem = f"lines {other.line} and {line.line} of the `Procfile` are both `{line.name}`"
        else:
            problem = (
                f"lines {other.line} and {line.line} of the `Procfile`, `{other.name}` and "
                f"`{line.name}`, differ only in case or `_` and `-`"
            )
        raise RefusedInputError(f"{problem}.", hint=f"rename or remove the one on line {line.line}")
    if len(found) > MOST_PROCESS_TYPES:
        raise RefusedInputError(
            f"the `Procfile` has {len(found)} process types; the maximum is {MOST_PROCESS_TYPES}",
            hint=f"remove the lines from line {found[MOST_PROCESS_TYPES].line} on",
        )


def _refuse_idle(found: list[ProcessLine]) -> None:
    if any(line.name != "release" for line in found):
        return
    names = ", ".join(quoted(line.name) for line in found) or "no process type"
    raise RefusedInputError(
        f"the `Procfile` has no `web` line and no worker; it has {names}",
        hint="add a line such as `web: gunicorn app:app`",
    )
