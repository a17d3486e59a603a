"""`bare`, `bare:set`, `bare:unset`: which app answers on the server's bare address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json, show_lines
from pushdeploy.engine.registry import App
from pushdeploy.engine.verbs import bare as verbs

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("bare", example="pushdeploy bare", app=App.NONE)
@json_option
def bare(target: Local, *, as_json: bool) -> None:
    """Show which app answers on the server's bare address.

    Requests that name no app's domain arrive there, such as `http://` and the server's address.
    The first app on a server answers there until it has a domain; any other must be chosen.
    """
    found = target.ask(verbs.bare())
    if as_json:
        show_json({"app": found.app, "kept_for": found.kept_for})
    elif found.app:
        show_lines([found.app])
    else:
        say("Nothing answers there. Put an app there: pushdeploy bare:set --app blog")
        if found.kept_for:
            say(f"{found.kept_for} will, when it has no domains left.")


@command("bare:set", example="pushdeploy bare:set --app blog")
def bare_set(target: Local, *, app: str) -> None:
    """Choose the app that answers on the server's bare address.

    It answers there even if it has domains, until that is changed or the app is destroyed.
    """
    target.ask(verbs.choose(app))
    say(f"{app} answers on the server's bare address")


@command("bare:unset", example="pushdeploy bare:unset", app=App.NONE)
def bare_unset(target: Local) -> None:
    """Stop answering on the server's bare address."""
    target.ask(verbs.choose())
    say("Nothing answers on the server's bare address now")
