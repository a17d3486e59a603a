"""The environment: all config vars of an app, or of one release."""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - the dataclass shows its field's type
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pushdeploy.errors import NotFoundError, RefusedInputError, UsageError
from pushdeploy.model.config_var import check_form, check_name, check_value, size_of
from pushdeploy.model.dotenv import parse_dotenv
from pushdeploy.model.json_node import parse_json
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_TOTAL = 1024 * 1024 - 1
"""Bytes of all `NAME=value` with a NUL each: half of what execve(2) takes with a stack of 8 MiB."""

# `'\''` is the one way to a `'` inside single quotes; no other character needs care there.
_EXPORT = re.compile(r"export ([A-Za-z_][A-Za-z0-9_]*)='([^']*(?:'\\''[^']*)*)'\n")


@dataclass(frozen=True, slots=True, repr=False)
class Environment:
    """Config vars, ordered by name, never changed: `set` and `unset` give another one.

    Any name of the shell's grammar is held, so that our own vars can join the app's; what a person
    sets passes `check_name` first.

    Raises:
        UsageError: A name or value cannot be part of an environment, or all are too large.
    """

    values: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.values.items():
            check_form(name)
            check_value(name, value)
        total = sum(size_of(name, value) + 1 for name, value in self.values.items())
        if total > LARGEST_TOTAL:
            raise UsageError(
                f"the config vars have {total:,} bytes together, the maximum is {LARGEST_TOTAL:,}",
                hint="keep large values in files in a storage folder, and set their paths instead",
            )
        object.__setattr__(self, "values", MappingProxyType(dict(sorted(self.values.items()))))

    def __repr__(self) -> str:
        return f"Environment({', '.join(f'{name}=***' for name in self.values)})"

    def set(self, pairs: Mapping[str, str]) -> Environment:
        """These vars with others added or changed.

        Raises:
            UsageError: A name or value can't be set.
        """
        for name in pairs:
            check_name(name)
        return Environment({**self.values, **pairs})

    def unset(self, names: Iterable[str]) -> Environment:
        """These vars without some.

        Raises:
            NotFoundError: One of the names is not set; nothing is unset then.
        """
        gone = set(names)
        missing = sorted(gone - set(self.values))
        if missing:
            raise NotFoundError(f"{quoted(missing[0])} is not set", hint="pushdeploy config")
        return Environment({key: value for key, value in self.values.items() if key not in gone})


def render_shell(environment: Environment) -> str:
    r"""The vars as lines for `.` of a POSIX shell: `export NAME='it'\''s'`, ordered by name."""
    lines = []
    for name, value in environment.values.items():
        inside = value.replace("'", "'\\''")
        lines.append(f"export {name}='{inside}'\n")
    return "".join(lines)


def parse_shell(text: str) -> Environment:
    """The environment that `render_shell` wrote as this text; nothing else is accepted.

    Raises:
        RefusedInputError: `render_shell` cannot have written it; the message has no value.
    """
    values: dict[str, str] = {}
    position = 0
    while match := _EXPORT.match(text, position):
        values[match[1]] = match[2].replace("'\\''", "'")
        position = match.end()
    try:
        environment = Environment(values)
    except UsageError as error:
        raise _damaged(error.message) from None
    if position != len(text) or render_shell(environment) != text:
        raise _damaged(f"line {text.count(chr(10), 0, position) + 1} is not as it was written")
    return environment


def parse_vars(text: str) -> dict[str, str]:
    """The vars of a `.env`, or of what we ourselves give out of them: all of it is read back.

    Args:
        text: a `.env`, what `config --shell` or `--json` shows, or a release's `environment`.

    Raises:
        RefusedInputError: it is none of these, or a name or value can't be set.
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        values = _json_vars(text)
    else:
        try:
            values = dict(parse_shell(text).values)
        except RefusedInputError:
            return parse_dotenv(text)
    try:
        for name, value in values.items():
            check_name(name)
            check_value(name, value)
    except UsageError as error:
        raise RefusedInputError(error.message, hint=error.hint) from None
    return values


def _json_vars(text: str) -> dict[str, str]:
    root = parse_json(text, "the file")
    found: dict[str, str] = {}
    for name in root.keys():  # noqa: SIM118 - no dict
        node = root.get(name)
        if node is None or not isinstance(node.value, str):
            root.refuse(f"the value of {quoted(name)} is not a string", 'write it as "..."')
        found[name] = node.value
    return found


class NoAssignmentError(UsageError):
    """A word sets nothing: most often what follows a blank that was not quoted."""


def parse_assignments(arguments: Iterable[str]) -> dict[str, str]:
    """The vars of `NAME=value` arguments; a value is everything after the first `=`.

    Raises:
        UsageError: An argument has no `=`, or a name or value can't be set.
    """
    found: dict[str, str] = {}
    for position, argument in enumerate(arguments, start=1):
        name, equals, value = argument.partition("=")
        if not equals:  # not shown: the end of an unquoted value may be a secret
            raise NoAssignmentError(
                f"argument {position} has no `=`",
                hint="write `NAME=value`, with quotes around spaces: `NAME='a value'`",
            )
        check_name(name)
        check_value(name, value)
        if name in found:
            raise UsageError(
                f"{quoted(name)} is set twice in one command", hint="keep one of the two"
            )
        found[name] = value
    return found


def _damaged(problem: str) -> RefusedInputError:
    return RefusedInputError(
        f"the environment file is damaged: {problem}",
        hint="set the config vars again with `pushdeploy config:set`",
    )
