"""`domains`, `domains:add`, `domains:remove`: the names under which an app answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, say_note, show_json, show_lines
from pushdeploy.cli.seen_from import here, look_up
from pushdeploy.engine.verbs import domains as verbs
from pushdeploy.model.domain import parse_domain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.cli.target import Local


@command("domains", example="pushdeploy domains --app blog")
@json_option
def domains(target: Local, *, app: str, as_json: bool) -> None:
    """List the names under which an app answers.

    Says also whether it answers on the server's bare address.
    """
    found = target.ask(verbs.domains(app))
    if as_json:
        show_json(list(found.domains))
        return
    show_lines(found.domains)
    if found.bare is not None:
        say(f"{app} answers on the server's bare address: {_seen(found.bare)}")
    if not found.domains:
        say(f"{app} has no domains. Add one: pushdeploy domains:add blog.example.com --app {app}")


def _seen(bare: str) -> str:
    """The bare address from where the person sits: over ssh, the one that was reached."""
    seen = here()
    return bare if seen is None else f"http://{seen.netloc}"


@command("domains:add", example="pushdeploy domains:add blog.example.com --app blog")
@click.argument("names", nargs=-1, required=True, metavar="DOMAIN...")
def domains_add(target: Local, *, app: str, names: tuple[str, ...]) -> None:
    """Add domains to an app.

    Each domain's DNS record must point to this server; then `certs:auto` gets a certificate.
    """
    made = target.ask(verbs.add(app, names=_parsed(names)))
    say(f"{app} answers as {', '.join(made.domains)}")
    asked = look_up(_parsed(names)).found() if target.over_ssh else {}
    say(*(doubt.text for doubt in asked.values() if doubt is not None))
    say_note(made.note)


@command("domains:remove", example="pushdeploy domains:remove blog.example.com --app blog")
@click.argument("names", nargs=-1, required=True, metavar="DOMAIN...")
def domains_remove(target: Local, *, app: str, names: tuple[str, ...]) -> None:
    """Remove domains from an app."""
    made = target.ask(verbs.remove(app, names=_parsed(names)))
    found = made.domains
    say(f"{app} answers as {', '.join(found)}" if found else f"{app} has no domains left")
    say_note(made.note)


def _parsed(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(parse_domain(name) for name in names)
