"""All commands: named here, and imported only when one is called."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

from pushdeploy import __version__
from pushdeploy.errors import UsageError
from pushdeploy.model import foreign_words
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = "pushdeploy"

COMMANDS: Mapping[str, tuple[str, str]] = {
    "apps": ("apps", "List the apps on the server."),
    "apps:create": ("apps", "Create an app before its first push."),
    "apps:destroy": ("apps", "Delete an app."),
    "bare": ("bare", "Show which app answers on the server's bare address."),
    "bare:set": ("bare", "Choose the app that answers on the server's bare address."),
    "bare:unset": ("bare", "Stop answering on the server's bare address."),
    "builds:clear-cache": (
        "builds",
        "Delete the packages that an app's builds have downloaded.",
    ),
    "certs": ("certs", "List certificates, and whether visitors get them."),
    "certs:add": ("certs", "Serve your own certificate: CHAIN and KEY are PEM files."),
    "certs:auto": ("certs", "Get a certificate for all of an app's domains, and keep it renewed."),
    "certs:remove": ("certs", "Remove a certificate, and serve the app over plain HTTP again."),
    "certs:renewed": ("certs", "Load renewed certificates; certbot calls this."),
    "config": ("config", "Show all config vars and their values."),
    "config:get": ("config", "Show the value of one config var."),
    "config:import": ("config", "Set all config vars from a .env file."),
    "config:set": ("config", "Set config vars."),
    "config:unset": ("config", "Unset config vars."),
    "deploy": ("deploy", "Deploy the deploy branch, or REV."),
    "domains": ("domains", "List an app's domains."),
    "domains:add": ("domains", "Add domains to an app."),
    "domains:remove": ("domains", "Remove domains from an app."),
    "firewall:enable": (
        "firewall",
        "Turn on the firewall: open ssh, HTTP and HTTPS, and no other new port.",
    ),
    "firewall:status": ("firewall", "Show whether the firewall is on, and its rules."),
    "git:gc": ("git", "Pack an app's repo on the server, and delete what is not needed."),
    "git:set": ("git", "Choose the branch that a push deploys."),
    "keys": ("keys", "List the ssh keys that may push."),
    "keys:add": ("keys", "Add a public ssh key that may push."),
    "keys:remove": ("keys", "Remove a key."),
    "logs": ("logs", "Show an app's latest output."),
    "maintenance": ("maintenance", "Show whether visitors get the maintenance page."),
    "maintenance:off": ("maintenance", "Turn the maintenance page off."),
    "maintenance:on": (
        "maintenance",
        "Answer every request with 503 and a page; workers keep running.",
    ),
    "nginx:set": ("nginx", "Change one setting of an app's nginx site."),
    "nginx:show": ("nginx", "Show the settings of an app's nginx site."),
    "nginx:unset": ("nginx", "Reset one setting to its default."),
    "ps": ("ps", "Show what is running, and how it is doing."),
    "ps:scale": ("ps", "Set how many instances of each process type run."),
    "rebuild": ("rebuild", "Rebuild the live code for the server's current Python."),
    "reconcile": ("reconcile", "Find and fix whatever is not as it should be."),
    "releases": ("releases", "List releases and failed attempts, newest first."),
    "releases:info": ("releases", "Show one release."),
    "releases:output": ("releases", "Show what a deploy printed."),
    "restart": ("restart", "Restart the live code."),
    "rollback": ("rollback", "Go back to an earlier release."),
    "run": ("run", "Run COMMAND as the app."),
    "static": ("static", "List the folders that nginx serves itself."),
    "static:add": ("static", "Have nginx serve a folder: of the code, or `shared/...` of storage."),
    "static:remove": ("static", "Stop serving a folder, and leave its URL to the app."),
    "storage": ("storage", "List the folders that every release shares."),
    "storage:add": ("storage", "Keep a folder across releases."),
    "storage:remove": ("storage", "Stop sharing a folder between releases."),
    "version": ("version", "Show the version."),
    "watchdog": ("watchdog_setting", "Show whether a web process that hangs is restarted."),
    "watchdog:off": (
        "watchdog_setting",
        "Stop restarting a web process that hangs.",
    ),
    "watchdog:on": ("watchdog_setting", "Restart a web process that hangs."),
}
"""Each command's module of `pushdeploy.cli`, and the first sentence of its help.

The sentences stand here too so that the help of all does not import all; a test compares them.
"""

ALIASES: Mapping[str, str] = {
    "apps:list": "apps",
    "config:add": "config:set",
    "config:list": "config",
    "config:remove": "config:unset",
    "config:show": "config",
    "releases:list": "releases",
    "certs:list": "certs",
    "domains:clear-default": "bare:unset",
    "domains:default": "bare",
    "domains:list": "domains",
    "domains:set-default": "bare:set",
    "firewall": "firewall:status",
    "nginx": "nginx:show",
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


class Commands(click.Group):
    """Looks commands up by name; an unknown one is answered with what does it here."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Every command, by name."""
        return sorted(COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        module = import_module(f"pushdeploy.cli.{COMMANDS[name][0]}")
        found: click.Command = getattr(module, _variable(name))
        return found

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Every command with its first sentence."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in sorted(COMMANDS.items())])

    def invoke(self, ctx: click.Context) -> object:
        """Find out which side this is, now that it matters, and carry the command out."""
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
            raise _unknown(name, rest[0] if rest else "")
        return name, found, rest

    def _help(self, ctx: click.Context, words: list[str]) -> tuple[str, click.Command, list[str]]:
        """`help` is `--help`, and `help ps` is `ps --help`."""
        if words and not words[0].startswith("-"):
            name, found, _ = self.resolve_command(ctx, words[:1])
            if found is not None and name is not None:
                return name, found, ["--help"]
        whole = click.Command(HELP, callback=lambda: click.echo(ctx.get_help()))
        return HELP, whole, []


def _unknown(name: str, following: str) -> UsageError:
    """The answer to a word that is no command; what it proposes never surprises."""
    known = [*COMMANDS, *ALIASES]
    meant = foreign_words.slip(name, known)
    answer = None if meant else foreign_words.answer(name, following)
    said = f"there is no command {quoted(name)}"
    if answer is not None:
        return UsageError(f"{said}: {answer.why}", hint=answer.hint)
    meant = meant or foreign_words.similar_read(name, known)
    return UsageError(said, hint=f"{PROGRAM} {meant or '--help'}")


def _variable(command: str) -> str:
    """`builds:clear-cache` is `builds_clear_cache` in its module."""
    return command.replace(":", "_").replace("-", "_")


commands = Commands(
    name=PROGRAM,
    help="Deploy Python apps with `git push`, and take them back with `rollback`.",
    epilog="`pushdeploy COMMAND --help` shows more, with an example.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
)
click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")(commands)
