"""`storage`, `storage:add`, `storage:remove`: folders that survive a deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.attempts import briefly
from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json, show_table
from pushdeploy.engine.verbs import storage as verbs
from pushdeploy.model.storage import parse_new_folder, parse_storage_folder

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local

COLUMNS = ("Folder", "Lies in", "From")


@command("storage", example="pushdeploy storage --app blog")
@json_option
def storage(target: Local, *, app: str, as_json: bool) -> None:
    """List the folders that every release shares."""
    answer = target.ask(verbs.storage(app))
    if as_json:
        show_json(
            {
                "shared": answer.shared,
                "storage": list(answer.folders),
                "app_json": list(answer.declared),
            }
        )
    elif answer.folders or answer.declared:
        origins = dict.fromkeys(answer.declared, answer.file)
        origins |= dict.fromkeys(answer.folders, "storage:add")
        rows = [(f"{one}/", f"{answer.shared}/{one}/", origins[one]) for one in sorted(origins)]
        show_table(COLUMNS, rows)
    else:
        say(f"{app} has no storage. Add a folder: pushdeploy storage:add instance/ --app {app}")


@command("storage:add", example="pushdeploy storage:add instance/ --app blog")
@click.argument("folder")
def storage_add(target: Local, *, app: str, folder: str) -> int:
    """Keep a folder across releases.

    The app may write there, but nowhere else in its code.
    """
    text, folder = folder, parse_new_folder(folder, app)
    doing, restarting = f"Adding storage {folder}/", f"and restarting {app}"
    return briefly(target, doing, restarting, verbs.add(app, folder=text))


@command("storage:remove", example="pushdeploy storage:remove instance/ --app blog")
@click.argument("folder")
def storage_remove(target: Local, *, app: str, folder: str) -> int:
    """Stop sharing a folder between releases.

    Its files stay on the server.
    """
    folder = parse_storage_folder(folder)
    doing, restarting = f"Removing storage {folder}/", f"and restarting {app}"
    return briefly(target, doing, restarting, verbs.remove(app, folder=folder))
