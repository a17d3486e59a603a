"""`static`, `static:add`, `static:remove`: folders that nginx serves by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, say_note, show_json, show_table
from pushdeploy.engine.verbs import static as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.side import Near


@command("static", example="pushdeploy static --app blog")
@json_option
def static(side: Near, *, app: str, as_json: bool) -> None:
    """List the folders that nginx serves itself."""
    found = side.ask(verbs.static, app=app).folders
    if as_json:
        show_json(found)
    else:
        show_table(("URL", "Folder"), [(f"{url}/", f"{path}/") for url, path in found.items()])


@command("static:add", example="pushdeploy static:add /media shared/media --app blog")
@click.argument("url")
@click.argument("folder")
def static_add(side: Near, *, app: str, url: str, folder: str) -> None:
    """Have nginx serve a folder: of the code, or `shared/...` of storage."""
    made = side.ask(verbs.add, app=app, url=url, folder=folder)
    say(f"nginx serves {url.rstrip('/')}/ of {app} from {folder}")
    say_note(made.note)


@command("static:remove", example="pushdeploy static:remove /media --app blog")
@click.argument("url")
def static_remove(side: Near, *, app: str, url: str) -> None:
    """Stop serving a folder, and leave its URL to the app."""
    side.ask(verbs.remove, app=app, url=url)
    say(f"{app} answers {url.rstrip('/')}/ itself")
