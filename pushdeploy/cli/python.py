"""`python:list`, `python:install`, `python:auto`: the Pythons that apps can be built with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json, show_table
from pushdeploy.engine.registry import App
from pushdeploy.engine.verbs import python as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local

COLUMNS = ("Python", "Fixes until", "Where", "Apps")


@command("python:list", example="pushdeploy python:list", app=App.NONE)
@json_option
def python_list(target: Local, *, as_json: bool) -> None:
    """Show the Pythons that are here or can be fetched, and what runs on them.

    An app gets the server's own unless its repo asks for another.
    """
    found = target.ask(verbs.listed())
    if as_json:
        show_json(
            {
                "pythons": [
                    {
                        "version": one.version,
                        "path": one.path,
                        "end_of_life": one.end_of_life,
                        "ended": one.ended,
                        "own": one.own,
                        "apps": list(one.apps),
                    }
                    for one in found.pythons
                ],
                "fetched_by_pushes": found.fetched_by_pushes,
            }
        )
        return
    show_table(COLUMNS, [_row(one) for one in found.pythons])
    if not found.fetched_by_pushes:
        say("Pushes fetch none. To change that: pushdeploy python:auto on")


@command("python:install", example="pushdeploy python:install 3.14", app=App.NONE)
@click.argument("version", metavar="VERSION")
def python_install(target: Local, *, version: str) -> None:
    """Fetch a Python for all apps.

    uv downloads the newest of that minor version. Apps get it at their next push or rebuild, if
    they ask for it.
    """
    done = target.ask(verbs.install(version=version))
    say(f"Python {done.version} is here: {done.path}")


@command("python:auto", example="pushdeploy python:auto off", app=App.NONE)
@click.argument("value", metavar="on|off", type=click.Choice(["on", "off"]))
def python_auto(target: Local, *, value: str) -> None:
    """Choose whether a push may fetch the Python that its repo asks for.

    It may, unless this is off.
    """
    done = target.ask(verbs.auto(on=value == "on"))
    say("Pushes fetch the Python that they ask for" if done.on else "Pushes fetch no Python now")


def _row(one: verbs.Python) -> tuple[str, ...]:
    until = one.end_of_life or "-"
    where = one.path or f"to fetch: pushdeploy python:install {_minor(one.version)}"
    apps = ", ".join(one.apps) or "-"
    return one.version, f"{until}, ended" if one.ended else until, where, apps


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
