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
    "apps": ("apps", "List the apps of the server."),
    "apps:create": ("apps", "Make an app before its first push."),
    "apps:destroy": ("apps", "Delete an app."),
    "bare": ("bare", "Show which app answers on the server's bare address."),
    "bare:set": ("bare", "Have an app answer on the server's bare address."),
    "bare:unset": ("bare", "Have nothing answer on the server's bare address."),
    "builds:clear-cache": (
        "builds",
        "Delete the packages that builds of an app have downloaded.",
    ),
    "certs": ("certs", "List certificates, and whether visitors get them."),
    "certs:add": ("certs", "Serve a certificate of your own: CHAIN and its KEY, PEM files."),
    "certs:auto": ("certs", "Get a certificate for all domains of an app, and renew it."),
    "certs:remove": ("certs", "Serve an app over plain HTTP again."),
    "certs:renewed": ("certs", "Take up renewed certificates; certbot calls this."),
    "config": ("config", "Show all config vars with their values."),
    "config:get": ("config", "Show the value of one config var."),
    "config:import": ("config", "Set all config vars of a .env file."),
    "config:set": ("config", "Set config vars."),
    "config:unset": ("config", "Take config vars away."),
    "deploy": ("deploys", "Deploy the branch, or REV."),
    "domains": ("domains", "List an app's domains."),
    "domains:add": ("domains", "Answer under these names."),
    "domains:remove": ("domains", "Answer under these names no longer."),
    "firewall:enable": ("firewall", "Let in ssh, HTTP and HTTPS, and nothing else new."),
    "firewall:status": ("firewall", "Show whether the firewall is on, and its rules."),
    "git:gc": ("git", "Pack an app's repo on the server, and delete what nothing needs."),
    "git:set": ("git", "Choose the branch that a push deploys."),
    "keys": ("keys", "List the ssh keys that may push."),
    "keys:add": ("keys", "Let a public key push."),
    "keys:remove": ("keys", "Remove a key, which then can't push."),
    "logs": ("logs", "Show what the app printed last."),
    "maintenance": ("maintenance", "Show whether visitors get the maintenance page."),
    "maintenance:off": ("maintenance", "Let visitors in again."),
    "maintenance:on": ("maintenance", "Answer every request with 503 and a page; workers go on."),
    "nginx:set": ("nginx", "Set one thing of an app's nginx site."),
    "nginx:show": ("nginx", "Show what can be set of an app's nginx site."),
    "nginx:unset": ("nginx", "Go back to the default of one thing."),
    "ps": ("ps", "Show what runs, and how it does."),
    "ps:scale": ("ps", "Set how many of each process type run."),
    "rebuild": ("rebuild", "Build the live code again for the Python of now."),
    "reconcile": ("deploys", "Set right what is not as it should be."),
    "releases": ("releases", "List releases and failed tries, newest first."),
    "releases:info": ("releases", "Show one release."),
    "releases:output": ("releases", "Show what a deploy printed."),
    "restart": ("deploys", "Start the live code anew."),
    "rollback": ("deploys", "Go back to an earlier release."),
    "run": ("run", "Run COMMAND as the app."),
    "static": ("nginx", "List the folders that nginx serves by itself."),
    "static:add": ("nginx", "Have nginx serve a folder: of the code, or `shared/...` of storage."),
    "static:remove": ("nginx", "Leave a URL to the app again."),
    "storage": ("storage", "List the folders that every release shares."),
    "storage:add": ("storage", "Keep a folder when releases change."),
    "storage:remove": ("storage", "Share a folder no longer."),
    "version": ("version", "Show the version."),
    "watchdog": ("watchdog_setting", "Show whether a web process that hangs is started anew."),
    "watchdog:off": (
        "watchdog_setting",
        "Leave web alone, also when it answers nothing any more.",
    ),
    "watchdog:on": ("watchdog_setting", "Start web anew when it answers nothing any more."),
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
    epilog="`pushdeploy COMMAND --help` tells more, with an example.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
)
click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")(commands)
