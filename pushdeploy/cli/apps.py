"""`apps`, `apps:create`, `apps:destroy`."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.engine_link import embedded_root
from pushdeploy.cli.output import say, say_note, show_json, show_lines, show_table
from pushdeploy.cli.style import problem
from pushdeploy.engine.registry import App
from pushdeploy.engine.verbs import apps as verbs
from pushdeploy.errors import UsageError
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.remote import PRODUCTION, Remote

if TYPE_CHECKING:
    from pushdeploy.cli.invocation import Invocation
    from pushdeploy.cli.target import Local

CONNECTION_FIELDS = 4
"""`SSH_CONNECTION`: the client and its port, the server and its port (ssh(1))."""

SSH_PORT = "22"

COLUMNS = ("App", "Port", "Branch", "Release", "Commit")


@command("apps", example="pushdeploy apps", app=App.NONE)
@json_option
def apps(target: Local, *, as_json: bool) -> None:
    """List the apps on the server."""
    answer = target.ask(verbs.apps())
    found = answer.apps
    if as_json:
        show_json([_record(one) for one in found])
    elif found:
        show_table(COLUMNS, [_row(one) for one in found])
        for one in found:
            for instance in one.crash_loops:
                hint = f"pushdeploy logs -p {instance} --app {one.app}"
                say(*problem(f"{instance} of {one.app} is crash-looping", hint))
    else:
        say("There are no apps yet. Create one: pushdeploy apps:create blog")
    if answer.backup_trouble:
        say(*problem(answer.backup_trouble, "pushdeploy backup:list"))


@command("apps:create", example="pushdeploy apps:create blog --port 8000", app=App.NONE)
@click.argument("name")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="The port on 127.0.0.1; by default the next free one.",
)
def apps_create(target: Local, *, name: str, port: int | None) -> None:
    """Create an app before its first push."""
    made = target.ask(verbs.create(parse_app_name(name), port=port))
    how = "done" if made.made else "it existed already"
    say(f"Creating {name}... {how}, on port {made.port}")
    say_note(made.note)
    show_lines(to_paste(name))


@command("apps:set", example="pushdeploy apps:set root services/web --app blog")
@click.argument("setting", type=click.Choice(["root"]))
@click.argument("value")
def apps_set(target: Local, *, app: str, setting: str, value: str) -> None:
    """Set which folder of the repo becomes the release.

    For a repo with several apps: `root services/web`. A dot means the whole repo. It takes effect
    at the next deploy.
    """
    target.ask(verbs.set_root(app, root=value))
    say(f"Setting {setting} of {app} to {value}... done")
    say(f"It takes effect at the next push, or: pushdeploy deploy --app {app}")


def _confirmed(invocation: Invocation) -> Invocation:
    """Ask here: over ssh there is no terminal to ask at."""
    app = invocation.parameters.get("app")
    if invocation.parameters.get("confirm") is None and app and sys.stdin.isatty():
        return replace(invocation, parameters={**invocation.parameters, "confirm": _typed(app)})
    return invocation


@command("apps:destroy", example="pushdeploy apps:destroy --app blog", prepare=_confirmed)
@click.option("--confirm", metavar="NAME", help="The app's name, instead of being asked for it.")
def apps_destroy(target: Local, *, app: str, confirm: str | None) -> None:
    """Delete an app.

    Its releases, config vars and storage are deleted too, so it asks for the app's name. An app
    that has a database is refused: pg:destroy, mysql:destroy
    and redis:destroy come first.
    """
    if confirm is None and sys.stdin.isatty():
        confirm = _typed(app)
    if confirm is not None and confirm != app:
        raise UsageError(
            f"`{confirm}` is not `{app}`: nothing was destroyed",
            hint=f"pushdeploy apps:destroy --app {app} --confirm {app}",
        )
    gone = target.ask(verbs.destroy(app, confirm=confirm))
    say(f"Destroying {app}... done")
    say_note(gone.note)


def _typed(app: str) -> str:
    say(f" !     This deletes {app}: its releases, config vars and storage.")
    answer: str = click.prompt(f" !     To continue, type {app}", err=True, prompt_suffix=": ")
    return answer


def _record(one: verbs.ListedApp) -> dict[str, Any]:
    """An app for programs."""
    return {
        "app": one.app,
        "port": one.port,
        "branch": one.branch,
        "release": one.release,
        "commit": one.commit,
        "crash_loops": list(one.crash_loops),
    }


def _row(one: verbs.ListedApp) -> tuple[str, ...]:
    port, commit = str(one.port or "-"), one.commit or "-"
    return (one.app, port, one.branch or "-", one.release or "-", commit[:8])


def to_paste(app: str) -> list[str]:
    """What to type in the app's checkout."""
    root = embedded_root()
    if root is None:
        return [f"git remote add {PRODUCTION} {_url(app)}"]
    from pushdeploy.cli.embedded_scripts import EmbeddedScripts  # there only

    remote = EmbeddedScripts(root).remote(app)
    return [
        f"git remote add {PRODUCTION} {shlex.quote(remote['url'])}",
        f"git config remote.{PRODUCTION}.receivepack {shlex.quote(remote['receivepack'])}",
    ]


def _url(app: str) -> str:
    """Where to push, as well as this machine knows it: over ssh, the address that was reached."""
    connection = os.environ.get("SSH_CONNECTION", "").split()
    if len(connection) != CONNECTION_FIELDS:
        return Remote("HOST", app).url
    _, _, host, port = connection
    return Remote(host, app, port=None if port == SSH_PORT else int(port)).url
