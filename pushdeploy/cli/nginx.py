"""`nginx:show`, `nginx:set`, `nginx:unset`, `static`, `static:add`, `static:remove`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, say_note, show_json, show_table

if TYPE_CHECKING:
    from pushdeploy.cli.side import Near


@command("nginx:show", example="pushdeploy nginx:show --app blog")
@click.option("--file", "whole", is_flag=True, help="Print the whole file.")
@json_option
def nginx_show(side: Near, *, app: str, whole: bool, as_json: bool) -> None:
    """Show the settings of an app's nginx site."""
    found = side.ask("nginx", app=app)
    if as_json:
        show_json(found)
    elif whole:
        print(found["text"], end="")
    else:
        rows = [
            (name, one["value"], one["default"], one["what"])
            for name, one in found["settings"].items()
        ]
        show_table(("Setting", "Value", "Default", "What it limits"), rows)
        say(f"File: {found['file']}", f"Your own directives: {found['snippets']}/*.conf")


@command("nginx:set", example="pushdeploy nginx:set client-max-body-size 20m --app blog")
@click.argument("name")
@click.argument("value")
def nginx_set(side: Near, *, app: str, name: str, value: str) -> None:
    """Change one setting of an app's nginx site."""
    found = side.ask("nginx.set", app=app, name=name, value=value)
    say(f"{name} of {app} is {found[name]}")


@command("nginx:unset", example="pushdeploy nginx:unset client-max-body-size --app blog")
@click.argument("name")
def nginx_unset(side: Near, *, app: str, name: str) -> None:
    """Reset one setting to its default."""
    side.ask("nginx.set", app=app, name=name, value=None)
    say(f"{name} of {app} has its default again")


@command("static", example="pushdeploy static --app blog")
@json_option
def static(side: Near, *, app: str, as_json: bool) -> None:
    """List the folders that nginx serves itself."""
    found: dict[str, str] = side.ask("static", app=app)
    if as_json:
        show_json(found)
    else:
        show_table(("URL", "Folder"), [(f"{url}/", f"{path}/") for url, path in found.items()])


@command("static:add", example="pushdeploy static:add /media shared/media --app blog")
@click.argument("url")
@click.argument("folder")
def static_add(side: Near, *, app: str, url: str, folder: str) -> None:
    """Have nginx serve a folder: of the code, or `shared/...` of storage."""
    made = side.ask("static.add", app=app, url=url, folder=folder)
    say(f"nginx serves {url.rstrip('/')}/ of {app} from {folder}")
    say_note(made)


@command("static:remove", example="pushdeploy static:remove /media --app blog")
@click.argument("url")
def static_remove(side: Near, *, app: str, url: str) -> None:
    """Stop serving a folder, and leave its URL to the app."""
    side.ask("static.remove", app=app, url=url)
    say(f"{app} answers {url.rstrip('/')}/ itself")
