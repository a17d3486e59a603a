"""What all commands have in common: an example, the app, and the target that carries them out."""

from __future__ import annotations

import itertools
import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from pushdeploy.cli.invocation import Invocation, Prepare
from pushdeploy.cli.target import Local, Remote
from pushdeploy.cli.watch import stderr
from pushdeploy.engine.registry import App
from pushdeploy.errors import PushdeployError, UsageError
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.typed_command import name_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class ServerCommand(click.Command):
    """A command that the engine answers, here or on the server."""

    example = ""
    app = App.NEEDED
    anywhere = False
    here = False
    prepare: Prepare

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; beside the engine, a first argument that names an app is the app."""
        target = ctx.find_object(Local)
        if target is not None and self.app is not App.NONE and not ctx.resilient_parsing:
            args = self._with_app_named(ctx, args, target)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Carry the command out here, or send it to the server."""
        target = ctx.obj
        if self.here:
            return super().invoke(ctx)
        remote = ctx.params.pop("remote", None)
        if remote and isinstance(target, Local) and target.over_ssh:
            raise UsageError("`--remote` is for the laptop; this is the server")
        if remote or (isinstance(target, Remote) and not self.anywhere):
            from pushdeploy.cli.laptop import send  # the server needs none of it

            return send(
                self.app,
                self.prepare,
                Invocation(self.name or "", ctx.params),
                remote,
                ctx.find_root(),
            )
        if isinstance(target, Local) and "app" in ctx.params:
            try:
                ctx.params["app"] = self._app(target, ctx.params["app"])
            except UsageError as error:
                error.hint = self._early_app(ctx.params.get("argv", ())) or error.hint
                raise
        try:
            ended = super().invoke(ctx)
        except PushdeployError as error:
            name_app(error, ctx.params.get("app"))
            raise
        if isinstance(target, Local) and target.warned:
            sys.stdout.flush()
            printer = stderr()
            for record in target.warned:
                printer.event(record)
        return ended

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """One real example."""
        with formatter.section("Example"):
            formatter.write_text(f"$ {self.example}")

    def _early_app(self, argv: tuple[str, ...]) -> str | None:
        """What to type when `--app` came behind a command that gets whatever follows it."""
        for index, (word, app) in enumerate(itertools.pairwise(argv)):
            if word == "--app" and index:
                rest = shlex.join([*argv[:index], *argv[index + 2 :]])
                typed = f"pushdeploy {self.name} --app {shlex.quote(app)} {rest}"
                return f"put --app before the command: {typed}"
        return None

    def _app(self, target: Local, name: str | None) -> str | None:
        if name is not None:
            return parse_app_name(name)
        return None if self.app is App.OPTIONAL else target.only_app()

    def _with_app_named(self, ctx: click.Context, args: list[str], target: Local) -> list[str]:
        options, words = self._split(ctx, args)
        if options.get("app") or not words or not _may_be_app(words[0]):
            return args
        takes_words = any(isinstance(one, click.Argument) for one in self.params)
        if takes_words and words[0] not in target.names():
            return args
        for index, word in enumerate(args):
            if word == "--":  # what comes now is not a name of ours
                break
            rest = args[:index] + args[index + 1 :]
            if word == words[0] and self._split(ctx, rest) == (options, words[1:]):
                return ["--app", word, *rest]
        return args

    def _split(self, ctx: click.Context, args: list[str]) -> tuple[dict[str, Any], list[str]]:
        """Options and words, before any of them is judged."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        words = click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)
        probe = click.Command(self.name, params=[*options, words], add_help_option=False)
        try:
            parsed, _, _ = probe.make_parser(ctx).parse_args(list(args))
        except click.UsageError:
            return {}, []
        found = parsed.pop("words", ())
        return parsed, list(found) if isinstance(found, tuple | list) else []


def command(
    name: str,
    *,
    example: str,
    app: App = App.NEEDED,
    anywhere: bool = False,
    here: bool = False,
    prepare: Prepare = lambda invocation: invocation,
    settings: Mapping[str, Any] | None = None,
) -> Callable[[Callable[..., Any]], ServerCommand]:
    """Make a function a command; it gets the target first, then its parameters.

    Args:
        name: as people type it.
        example: one line that does something.
        app: whether it is about an app.
        anywhere: whether a laptop can answer it alone, unless a remote is named.
        here: whether the laptop carries it out, and asks the server itself; it is told the remote.
        prepare: what is done on the laptop before the command goes to the server.
        settings: click's settings for the context.
    """

    def decorate(function: Callable[..., Any]) -> ServerCommand:
        made = click.command(name, cls=ServerCommand, context_settings=dict(settings or {}))(
            click.pass_obj(function)
        )
        made.example, made.app, made.anywhere, made.prepare = example, app, anywhere, prepare
        made.here = here
        made.params += _common_options(app)
        return made

    return decorate


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`: the answer for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def _common_options(app: App) -> Iterable[click.Parameter]:
    if app is not App.NONE:
        yield click.Option(["-a", "--app"], metavar="NAME", help="The app.")
    yield click.Option(
        ["--remote"], metavar="NAME", help="On a laptop: the git remote that names the server."
    )


def _may_be_app(word: str) -> bool:
    """`v3` is a release, whatever apps there are."""
    if word[:1] == "v" and word[1:].isdigit():
        return False
    try:
        parse_app_name(word)
    except PushdeployError:
        return False
    return True
