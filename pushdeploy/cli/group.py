"""All commands: named here, and imported only when one is called."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module

import click

from pushdeploy import __version__
from pushdeploy.errors import UsageError

PROGRAM = "pushdeploy"

MODULES: Mapping[str, tuple[str, ...]] = {
    "apps": ("apps", "apps:create", "apps:destroy"),
    "config": ("config", "config:get", "config:set", "config:unset", "config:import"),
    "deploys": ("deploy", "rollback", "restart", "reconcile"),
    "keys": ("keys", "keys:add", "keys:remove"),
    "logs": ("logs",),
    "ps": ("ps", "ps:scale"),
    "releases": ("releases", "releases:info", "releases:output"),
    "run": ("run",),
    "storage": ("storage", "storage:add", "storage:remove"),
    "version": ("version",),
}
"""The commands by the module of `pushdeploy.cli` that has them."""

ALIASES: Mapping[str, str] = {
    "apps:list": "apps",
    "keys:list": "keys",
    "ps:restart": "restart",
    "releases:rollback": "rollback",
    "storage:list": "storage",
}
"""Other names that people type."""


class Commands(click.Group):
    """Looks commands up by name; an unknown one is answered with the closest."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, by name."""
        return sorted(name for names in MODULES.values() for name in names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        name = ALIASES.get(cmd_name, cmd_name)
        for module, names in MODULES.items():
            if name in names:
                found = getattr(import_module(f"pushdeploy.cli.{module}"), _variable(name))
                return found if isinstance(found, click.Command) else None
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the words name, and its arguments.

        Raises:
            UsageError: there is none of that name.
        """
        name = args[0]
        found = self.get_command(ctx, name)
        if found is None:
            raise UsageError(f"there is no command `{name}`", hint=self._closest(ctx, name))
        return name, found, args[1:]

    def _closest(self, ctx: click.Context, name: str) -> str:
        known = [*self.list_commands(ctx), *ALIASES]
        close = difflib.get_close_matches(name.lower(), known, n=1)
        return f"{PROGRAM} {close[0]}" if close else f"{PROGRAM} --help"


def _variable(command: str) -> str:
    """`apps:create` is `apps_create` in its module."""
    return command.replace(":", "_")


commands = Commands(
    name=PROGRAM,
    help="Deploy Python apps with `git push`, and take them back with `rollback`.",
    epilog="`pushdeploy COMMAND --help` tells more, with an example.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
)
click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")(commands)
