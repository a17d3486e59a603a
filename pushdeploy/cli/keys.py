"""`keys`, `keys:add`, `keys:remove`: who may push."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json, show_table
from pushdeploy.cli.typed_file import STDIN, read_typed
from pushdeploy.engine.registry import App
from pushdeploy.engine.verbs import keys as verbs
from pushdeploy.errors import UsageError
from pushdeploy.model.key import PUBLIC_FILE, parse_public_key

if TYPE_CHECKING:
    from pushdeploy.cli.invocation import Invocation
    from pushdeploy.cli.target import Local

COLUMNS = ("Name", "Kind", "Fingerprint")


@command("keys", example="pushdeploy keys", app=App.NONE)
@json_option
def keys(target: Local, *, as_json: bool) -> None:
    """List the ssh keys that may push."""
    found = target.ask(verbs.keys()).keys
    if as_json:
        show_json([_record(one) for one in found])
    elif found:
        show_table(COLUMNS, [(one.name, one.kind, one.fingerprint) for one in found])
    else:
        say("No keys may push yet. Add one: pushdeploy keys:add alice alice.pub")


def _key_on_stdin(invocation: Invocation) -> Invocation:
    """Read the key here, and let nothing but a public one leave this machine."""
    name, file = _name_and_file(invocation.parameters["words"])
    text = _text(file, None)
    key = parse_public_key(text, name)
    words = (key.name, STDIN)
    return replace(invocation, parameters={"words": words}, stdin=text.encode())


@command(
    "keys:add",
    example="pushdeploy keys:add alice ~/alice.pub",
    app=App.NONE,
    prepare=_key_on_stdin,
)
@click.argument("words", nargs=-1, metavar="[NAME] [FILE|-]")
def keys_add(target: Local, *, words: tuple[str, ...]) -> None:
    """Add a public ssh key that may push.

    Without NAME, the key is named after its comment; without FILE, it is read from stdin.
    """
    name, file = _name_and_file(words)
    key = target.ask(verbs.add(name=name, key=_text(file, target)))
    say(f"Adding the key {key.name} ({key.fingerprint})... done")


@command("keys:remove", example="pushdeploy keys:remove alice", app=App.NONE)
@click.argument("name")
@click.option(
    "--confirm", metavar="NAME", help="The key's name again: for the last key, or your own."
)
def keys_remove(target: Local, *, name: str, confirm: str | None) -> None:
    """Remove a key.

    The last key, and the one you are using now, need `--confirm NAME`.
    """
    answer = target.ask(verbs.remove(name=name, confirmed=confirm == name))
    say(f"Removing the key {name}... done")
    if not answer.left:
        say("No keys are left: nobody can push until root adds one on the server.")


def _record(one: verbs.PublicKey) -> dict[str, str]:
    """A key for programs."""
    return {"name": one.name, "kind": one.kind, "fingerprint": one.fingerprint}


def _name_and_file(words: tuple[str, ...]) -> tuple[str | None, str]:
    """What `keys:add` was told; one word alone is a file if it looks like one, else a name.

    Raises:
        UsageError: there are too many words, or no key.
    """
    match words:
        case ():
            return None, _default_file()
        case (word,) if word == STDIN or "/" in word or word.endswith(".pub"):
            return None, word
        case (name,):
            return name, _default_file()
        case (name, file):
            return name, file
        case _:
            raise UsageError(
                "keys:add takes a name and a file only", hint="pushdeploy keys:add --help"
            )


def _default_file() -> str:
    if not sys.stdin.isatty():
        return STDIN
    raise UsageError("which key? No file is given", hint=f"pushdeploy keys:add {PUBLIC_FILE}")


def _text(file: str, target: Local | None) -> str:
    text = read_typed(file, target).decode("utf-8", "replace")
    if file == STDIN and not text.strip():
        raise UsageError("no key came on stdin", hint=f"add `< {PUBLIC_FILE}` at the end")
    return text
