"""`nginx:show`, `nginx:set`, `nginx:unset`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json, show_table
from pushdeploy.engine.verbs import nginx as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("nginx:show", example="pushdeploy nginx:show --app blog")
@click.option("--file", "whole", is_flag=True, help="Print the whole file.")
@json_option
def nginx_show(target: Local, *, app: str, whole: bool, as_json: bool) -> None:
    """Show the settings of an app's nginx site."""
    found = target.ask(verbs.nginx(app))
    if as_json:
        show_json(_record(found))
    elif whole:
        print(found.text, end="")
    else:
        rows = [(name, one.value, one.default, one.what) for name, one in found.settings.items()]
        show_table(("Setting", "Value", "Default", "What it limits"), rows)
        say(f"File: {found.file}", f"Your own directives: {found.snippets}/*.conf")


@command("nginx:set", example="pushdeploy nginx:set client-max-body-size 20m --app blog")
@click.argument("name")
@click.argument("value")
def nginx_set(target: Local, *, app: str, name: str, value: str) -> None:
    """Change one setting of an app's nginx site."""
    found = target.ask(verbs.change(app, name=name, value=value)).values
    say(f"{name} of {app} is {found[name]}")


@command("nginx:unset", example="pushdeploy nginx:unset client-max-body-size --app blog")
@click.argument("name")
def nginx_unset(target: Local, *, app: str, name: str) -> None:
    """Reset one setting to its default."""
    target.ask(verbs.change(app, name=name, value=None))
    say(f"{name} of {app} has its default again")


def _record(site: verbs.Site) -> dict[str, object]:
    """The answer for programs."""
    return {
        "file": site.file,
        "snippets": site.snippets,
        "text": site.text,
        "settings": {
            name: {"value": one.value, "default": one.default, "what": one.what}
            for name, one in site.settings.items()
        },
    }
