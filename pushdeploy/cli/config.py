"""`config`, `config:get`, `config:set`, `config:unset`, `config:import`: the app's config vars.

`config:explain`: all else that holds for it, and who said so.

Values go to the engine and to the person who asks, and nowhere else: over ssh on stdin.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from pushdeploy.cli.attempts import briefly
from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import aligned, say, show_json, show_lines, show_table
from pushdeploy.cli.style import with_quotes
from pushdeploy.cli.typed_file import read_stdin, read_typed
from pushdeploy.engine.verbs import config as verbs
from pushdeploy.errors import NotFoundError, RefusedInputError, UsageError
from pushdeploy.model.dotenv import render_for_shell
from pushdeploy.model.environment import NoAssignmentError, parse_assignments, parse_vars
from pushdeploy.model.text import decode_any, escaped, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.cli.invocation import Invocation
    from pushdeploy.cli.target import Local

STDIN = "-"
QUOTED = "NAME='a value'"
COLUMNS = ("Setting", "Value", "From")


@command("config", example="pushdeploy config --app blog")
@click.option(
    "-s", "--shell", is_flag=True, help="In a form that a shell can read: NAME='a value'."
)
@json_option
def config(target: Local, *, app: str, shell: bool, as_json: bool) -> None:
    """Show all config vars and their values."""
    found = target.ask(verbs.config(app)).values
    if as_json:
        show_json(found)
    elif shell:
        sys.stdout.write(render_for_shell(found))
    elif found:
        print(f"=== {app} Config Vars")
        show_lines(aligned([(f"{name}:", escaped(value)) for name, value in found.items()]))
    else:
        say(f"{app} has no config vars. Set one: pushdeploy config:set NAME=value --app {app}")


@command("config:get", example="pushdeploy config:get DATABASE_URL --app blog")
@click.argument("name")
@json_option
def config_get(target: Local, *, app: str, name: str, as_json: bool) -> None:
    """Show the value of one config var."""
    found = target.ask(verbs.config(app)).values
    if name not in found:
        raise NotFoundError(f"{quoted(name)} is not set", hint=f"pushdeploy config --app {app}")
    if as_json:
        show_json({"name": name, "value": found[name]})
    else:
        print(found[name])


@command("config:explain", example="pushdeploy config:explain --app blog")
@json_option
def config_explain(target: Local, *, app: str, as_json: bool) -> None:
    """Show which settings hold, and where each comes from.

    From a command, from the file of the repo ([tool.pushdeploy] of pyproject.toml, or the key
    pushdeploy of app.json), or by default.
    """
    found = target.ask(verbs.explain(app)).settings
    if as_json:
        rows = [{"setting": one.setting, "value": one.value, "from": one.source} for one in found]
        show_json(rows)
    else:
        show_table(COLUMNS, [(one.setting, one.value or "-", one.source) for one in found])


def _on_stdin(invocation: Invocation) -> Invocation:
    """Check the values here, and keep them off ssh's command line."""
    values = assigned(invocation.parameters["pairs"])
    return _setting(invocation, values)


@command(
    "config:set",
    example="pushdeploy config:set SECRET_KEY='a long one' DEBUG=0 --app blog",
    prepare=_on_stdin,
)
@click.argument("pairs", nargs=-1, required=True, metavar="NAME=VALUE...")
def config_set(target: Local, *, app: str, pairs: tuple[str, ...]) -> int:
    """Set config vars.

    The change makes a new release; the old one serves until the new one is healthy. With `-`, the
    pairs are read from stdin, each ending with a NUL character.
    """
    try:
        values = assigned(pairs)
    except NoAssignmentError as error:
        error.hint = f"quote a value with spaces: {with_quotes('config:set', app, QUOTED)}"
        raise
    return _set(target, app, values)


@command("config:unset", example="pushdeploy config:unset DEBUG --app blog")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def config_unset(target: Local, *, app: str, names: tuple[str, ...]) -> int:
    """Unset config vars.

    The change makes a new release; the old one serves until the new one is healthy.
    """
    doing = f"Unsetting {', '.join(names)}"
    return briefly(target, doing, f"and restarting {app}", verbs.unset(app, names=names))


def _file_on_stdin(invocation: Invocation) -> Invocation:
    """Read the file of this machine."""
    values = _dotenv(read_typed(invocation.parameters["file"]))
    return replace(_setting(invocation, values), name="config:set")


@command(
    "config:import", example="pushdeploy config:import .env --app blog", prepare=_file_on_stdin
)
@click.argument("file", default=".env")
def config_import(target: Local, *, app: str, file: str) -> int:
    """Set all config vars from a .env file.

    With `-` it is read from stdin. The whole file becomes one new release. It reads what
    `config --shell` and `config --json` print, exactly as it was.
    """
    return _set(target, app, _dotenv(read_typed(file, target)))


def _set(target: Local, app: str, values: Mapping[str, str]) -> int:
    doing = f"Setting {', '.join(values)}"
    return briefly(target, doing, f"and restarting {app}", verbs.change(app, values=dict(values)))


def _setting(invocation: Invocation, values: Mapping[str, str]) -> Invocation:
    parameters = {"app": invocation.parameters["app"], "pairs": (STDIN,)}
    stdin = "".join(f"{name}={value}\0" for name, value in values.items()).encode()
    return replace(invocation, parameters=parameters, stdin=stdin)


def assigned(pairs: tuple[str, ...]) -> dict[str, str]:
    """The values of `NAME=value` words, or of stdin.

    Raises:
        UsageError: a word has another form.
    """
    if pairs != (STDIN,):
        return parse_assignments(pairs)
    try:
        text = read_stdin().decode()
    except UnicodeDecodeError as error:
        raise UsageError("stdin is not UTF-8 text") from error
    *words, rest = text.split("\0")
    if rest or not words:
        raise UsageError(
            "each NAME=value on stdin must end with a NUL character",
            hint="tr '\\n' '\\0' makes that of lines; for a .env: pushdeploy config:import -",
        )
    return parse_assignments(words)


def _dotenv(content: bytes) -> dict[str, str]:
    values = parse_vars(decode_any(content, ".env"))
    if not values:
        raise RefusedInputError("the .env sets nothing", hint="write NAME=value lines")
    return values
