"""The reference pages say what the program does."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pushdeploy import errors
from pushdeploy.cli import attempts, runner
from pushdeploy.cli.command import ServerCommand
from pushdeploy.cli.group import ALIASES, commands, names
from pushdeploy.engine.registry import App
from pushdeploy.model.typed_command import OF_APP, OTHERS
from tests.test_english import strings

if TYPE_CHECKING:
    from types import ModuleType

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS / "reference"

SECTION = re.compile(
    r"^## pushdeploy (?P<words>[^\n]+ --json)\n\n```json\n(?P<json>.*?)```",
    re.MULTILINE | re.DOTALL,
)
CODE = re.compile(r"^\| (\d+) \|", re.MULTILINE)

NAMED = re.compile(r'(?<!example=")pushdeploy ([a-z]+(?::[a-z-]+)?)')
"""A command that a text of ours names, but not its own example."""

TYPED = re.compile(
    r"(?:pushdeploy|ssh (?:-t )?deploy@\w+) [\"']?([a-z]+(?::[a-z-]+)?)([^|;&<>`()\n]*)"
)
"""A command that a text of ours names, with its words."""

OPTION = re.compile(r"(?<= )--?[a-z][a-z-]*")

PACKAGE = Path(__file__).parents[2] / "pushdeploy"
PAGES = [PACKAGE.parent / "README.md", *DOCS.rglob("*.md")]

SSH_FAILED = 255
"""ssh(1): its exit status when it got nowhere."""


def documented() -> list[tuple[str, str]]:
    """The commands of the page, and what it says that they print."""
    return SECTION.findall((REFERENCE / "json.md").read_text())


def lacking(text: str) -> list[str]:
    """The options in a text that the commands before them do not have."""
    context = click.Context(commands)
    return [
        f"{name} {option}"
        for name, words in TYPED.findall(text)
        if name != "run" and (command := commands.get_command(context, name)) is not None
        for option in OPTION.findall(words.partition(" pushdeploy ")[0])
        if option not in {"-h", "--help", *(one for given in command.params for one in given.opts)}
    ]


def writer() -> ModuleType:
    """The script that writes the page of the commands."""
    spec = spec_from_file_location("write_commands", DOCS / "write_commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_the_commands_is_what_their_help_says() -> None:
    written = (REFERENCE / "commands.md").read_text()

    assert written == writer().page(), "run docs/write_commands.py"


def test_the_json_of_every_query_is_documented() -> None:
    queries = {
        name
        for name in names()
        if isinstance(found := commands.get_command(None, name), ServerCommand)  # type: ignore[arg-type]
        and any(one.name == "as_json" for one in found.params)
    }

    shown = {words.split()[0] for words, _ in documented()}
    assert shown == queries, "docs/reference/json.md shows one output of each"


def test_every_exit_code_is_documented() -> None:
    classes = [one for one in vars(errors).values() if isinstance(one, type)]
    ours = {one.exit_code for one in classes if issubclass(one, errors.PushdeployError)}
    more = {0, runner.INTERRUPTED, runner.BROKEN_PIPE, runner.OUR_BUG, attempts.GONE, SSH_FAILED}

    listed = CODE.findall((REFERENCE / "exit-codes.md").read_text())

    assert list(map(int, listed)) == sorted(ours | more)


def test_hints_know_the_commands_that_they_name_and_which_need_an_app() -> None:
    needing = {
        name
        for name in names()
        if commands.get_command(click.Context(commands), name).app is App.NEEDED  # type: ignore[union-attr]
    }
    said = {name for path in PACKAGE.rglob("*.py") for name in NAMED.findall(path.read_text())}

    assert needing == OF_APP
    assert {*names(), "--help"} - needing == OTHERS
    assert said & set(ALIASES) == set(), "a hint names a command by its own name"


def test_hints_name_no_option_that_their_command_lacks() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}: {one}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for text in strings(path)
        for one in lacking(text)
    ]

    assert found == []
    assert lacking("pushdeploy certs --app blog; pushdeploy ps --app blog") == ["certs --app"]


def test_the_pages_name_no_option_that_its_command_lacks() -> None:
    found = [f"{path.name}: {one}" for path in PAGES for one in lacking(path.read_text())]

    assert found == []
