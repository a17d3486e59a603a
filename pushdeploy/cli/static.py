"""`static`, `static:add`, `static:remove`: folders that nginx serves by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, say_note, show_json, show_table
from pushdeploy.engine.verbs import static as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("static", example="pushdeploy static --app blog")
@json_option
def static(target: Local, *, app: str, as_json: bool) -> None:
    """List the folders that nginx serves itself."""
    found = target.ask(verbs.static(app)).folders
    if as_json:
        show_json(found)
    else:
        show_table(("URL", "Folder"), [(f"{url}/", f"{path}/") for url, path in found.items()])


@command("static:add", example="pushdeploy static:add /media shared/media --app blog")
@click.argument("url")
@click.argument("folder")
def static_add(target: Local, *, app: str, url: str, folder: str) -> None:
    """Have nginx serve a folder: of the code, or `shared/...` of storage."""
    made = target.ask(verbs.add(app, url=url, folder=folder))
    say(f"nginx serves {url.rstrip('/')}/ of {app} from {folder}")
    say_note(made.note)


@command("static:remove", example="pushdeploy static:remove /media --app blog")
@click.argument("url")
def static_remove(target: Local, *, app: str, url: str) -> None:
    """Stop serving a folder, and leave its URL to the app."""
    target.ask(verbs.remove(app, url=url))
    say(f"{app} answers {url.rstrip('/')}/ itself")
