"""All commands, found by their nouns' files, and imported only when one is called."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

from pushdeploy import __version__, cli
from pushdeploy.cli.command import ServerCommand
from pushdeploy.cli.invocation import PROGRAM
from pushdeploy.cli.target import Local
from pushdeploy.engine.registry import modules_of, nouns
from pushdeploy.errors import PushdeployError, UsageError
from pushdeploy.model import foreign_words
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.text import quoted
from pushdeploy.model.typed_command import name_app

if TYPE_CHECKING:
    from collections.abc import Mapping

WITHOUT_VERBS = ("check", "import_unit", "init", "version")
"""Nouns without verbs of their own. All others are those of `engine/verbs/`."""

ALIASES: Mapping[str, str] = {
    "apps:list": "apps",
    "config:add": "config:set",
    "config:list": "config",
    "config:remove": "config:unset",
    "config:show": "config",
    "releases:list": "releases",
    "certs:list": "certs",
    "cron:list": "cron",
    "domains:clear-default": "bare:unset",
    "domains:default": "bare",
    "domains:list": "domains",
    "domains:set-default": "bare:set",
    "firewall": "firewall:status",
    "nginx": "nginx:show",
    "mysql": "mysql:info",
    "pg": "pg:info",
    "redis": "redis:info",
    "notify:list": "notify",
    "static:list": "static",
    "keys:list": "keys",
    "maintenance:disable": "maintenance:off",
    "maintenance:enable": "maintenance:on",
    "ps:restart": "restart",
    "releases:rollback": "rollback",
    "watchdog:disable": "watchdog:off",
    "watchdog:enable": "watchdog:on",
    "storage:list": "storage",
}
"""Other names that people type, which mean exactly the same."""

HELP = "help"

LONGEST_SENTENCE = 72
"""Characters: two lines beside the names, in 80 columns."""


def names() -> list[str]:
    """All commands."""
    return sorted(name for noun in _nouns() for name in _commands(noun))


def sentences() -> dict[str, str]:
    """The first sentence of each command's help, by the command's name."""
    found = {name: one for noun in _nouns() for name, one in _commands(noun).items()}
    return {name: one.get_short_help_str(LONGEST_SENTENCE) for name, one in sorted(found.items())}


def _nouns() -> list[str]:
    """Nouns that have verbs and commands, found by their files."""
    here = modules_of(cli)
    return [noun for noun in (*nouns(), *WITHOUT_VERBS) if noun in here]


def _commands(noun: str) -> dict[str, click.Command]:
    """A noun's commands, by name; its file is imported only now."""
    module = import_module(f"pushdeploy.cli.{noun}")
    found = [one for one in vars(module).values() if isinstance(one, ServerCommand)]
    return {str(one.name): one for one in found}


class Commands(click.Group):
    """Looks commands up by name; an unknown one is answered with what does it here."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Every command, by name."""
        return names()

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        name = ALIASES.get(cmd_name, cmd_name)
        noun = name.partition(":")[0].replace("-", "_")
        return _commands(noun).get(name) if noun in _nouns() else None

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Every command with its first sentence."""
        with formatter.section("Commands"):
            formatter.write_dl(list(sentences().items()))

    def invoke(self, ctx: click.Context) -> object:
        """Find out which target this is, now that it matters, and carry the command out."""
        ctx.obj = ctx.obj()
        return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the words name, and its arguments.

        Raises:
            UsageError: there is none of that name.
        """
        name, *rest = args
        if name == HELP:
            return self._help(ctx, rest)
        found = self.get_command(ctx, name)
        if found is None:
            error = _unknown(name, rest[0] if rest else "")
            name_app(error, _named_app(ctx, rest))
            raise error
        return name, found, rest

    def _help(self, ctx: click.Context, words: list[str]) -> tuple[str, click.Command, list[str]]:
        """`help` is `--help`, and `help ps` is `ps --help`."""
        if words and not words[0].startswith("-"):
            name, found, _ = self.resolve_command(ctx, words[:1])
            if found is not None and name is not None:
                return name, found, ["--help"]
        whole = click.Command(HELP, callback=lambda: click.echo(ctx.get_help()))
        return HELP, whole, []


def _named_app(ctx: click.Context, words: list[str]) -> str | None:
    """The app that was typed behind an unknown command: `--app blog`; or `blog`, on the server."""
    option = click.Option(["-a", "--app"])
    flags = {"ignore_unknown_options": True}
    probe = click.Command("", params=[option], context_settings=flags, add_help_option=False)
    try:
        parsed, rest, _ = probe.make_parser(click.Context(probe)).parse_args(list(words))
        app = parsed.get("app")
        if app is not None:
            return parse_app_name(app)
        target = ctx.find_root().obj if rest else None
        return rest[0] if isinstance(target, Local) and rest[0] in target.names() else None
    except (PushdeployError, click.UsageError):
        return None


def _unknown(name: str, following: str) -> UsageError:
    """The answer to a word that is not a command; what it proposes never surprises."""
    known = [*names(), *ALIASES]
    meant = foreign_words.slip(name, known)
    answer = None if meant else foreign_words.answer(name, following)
    said = f"there is no command {quoted(name)}"
    if answer is not None:
        return UsageError(f"{said}: {answer.why}", hint=answer.hint)
    meant = meant or foreign_words.similar_read(name, known)
    return UsageError(said, hint=f"{PROGRAM} {meant or '--help'}")


commands = Commands(
    name=PROGRAM,
    help="Deploy Python apps with `git push`, and take them back with `rollback`.",
    epilog="`pushdeploy COMMAND --help` shows more, with an example.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
)
click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")(commands)
