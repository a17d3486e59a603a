"""`certs`, `certs:auto`, `certs:add`, `certs:remove`, `certs:renewed`: HTTPS."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json, show_table
from pushdeploy.cli.times import iso
from pushdeploy.cli.typed_file import STDIN, read_stdin, read_typed
from pushdeploy.engine.registry import App
from pushdeploy.engine.verbs import certs as verbs
from pushdeploy.errors import UsageError
from pushdeploy.model.text import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.cli.invocation import Invocation
    from pushdeploy.cli.target import Local
    from pushdeploy.model.certificate import Certificate

COLUMNS = ("Domain", "App", "Ends", "From", "Issuer", "Served")


@command("certs", example="pushdeploy certs", app=App.NONE)
@json_option
def certs(target: Local, *, as_json: bool) -> None:
    """List certificates, and whether visitors get them."""
    found = target.ask(verbs.certs()).shown
    if as_json:
        show_json([_record(one) for one in found])
    elif found:
        _show(found)
    else:
        app = next(iter(target.names()), "NAME")
        hint = f"pushdeploy certs:auto --email me@example.com --app {app}"
        say(f"No app has a certificate. Get one: {hint}")


@command("certs:auto", example="pushdeploy certs:auto --email me@example.com --app blog")
@click.option("--email", help="Where problems are reported; kept for all apps.")
@click.option("--server", metavar="URL", help="An ACME server other than Let's Encrypt; kept.")
def certs_auto(target: Local, *, app: str, email: str | None, server: str | None) -> None:
    """Get a certificate for all of an app's domains, and keep it renewed.

    DNS and port 80 are checked first, since Let's Encrypt allows few failures.
    """
    _serves(target.ask(verbs.auto(app, email=email, server=server)).shown)


def _files_on_stdin(invocation: Invocation) -> Invocation:
    """Read both files of this machine; the key goes on stdin, never on a command line."""
    chain, key = (_text(invocation.parameters[name]) for name in ("chain", "key"))
    parameters = {"app": invocation.parameters["app"], "chain": STDIN, "key": STDIN}
    return replace(invocation, parameters=parameters, stdin=json.dumps([chain, key]).encode())


@command(
    "certs:add",
    example="pushdeploy certs:add chain.pem key.pem --app blog",
    prepare=_files_on_stdin,
)
@click.argument("chain")
@click.argument("key")
def certs_add(target: Local, *, app: str, chain: str, key: str) -> None:
    """Serve your own certificate: CHAIN and KEY are PEM files.

    It is refused if the key does not match, a domain is missing, it has expired, or its chain is
    incomplete. With `- -`, both are read from stdin as a JSON list.
    """
    texts = _from_stdin() if chain == key == STDIN else (_text(chain, target), _text(key, target))
    _serves(target.ask(verbs.add(app, chain=texts[0], key=texts[1])).shown)


@command("certs:remove", example="pushdeploy certs:remove --app blog")
def certs_remove(target: Local, *, app: str) -> None:
    """Remove a certificate, and serve the app over plain HTTP again."""
    target.ask(verbs.remove(app))
    say(f"{app} no longer has a certificate")


@command("certs:renewed", example="pushdeploy certs:renewed", app=App.NONE)
def certs_renewed(target: Local) -> None:
    """Load renewed certificates; certbot calls this."""
    names = target.ask(verbs.renewed()).names
    say(
        f"nginx serves the new certificate for {', '.join(names)}"
        if names
        else "no new certificates"
    )


def _text(name: str, target: Local | None = None) -> str:
    return decode(read_typed(name, target), name)


def _from_stdin() -> Sequence[str]:
    try:
        found = json.loads(read_stdin())
    except ValueError as error:
        raise UsageError("stdin is not a JSON list of two strings") from error
    if not isinstance(found, list) or len(found) != 2:  # noqa: PLR2004 - a chain and a key
        raise UsageError("stdin is not a JSON list of two strings")
    return [str(one) for one in found]


def _record(one: Certificate) -> dict[str, Any]:
    """A certificate for programs."""
    return {
        "domain": one.domain,
        "app": one.app,
        "ends": iso(one.ends),
        "kind": one.kind,
        "issuer": one.issuer,
        "covered": one.covered,
        "served": one.served,
        "trusted": one.trusted,
    }


def _serves(found: Sequence[Certificate]) -> None:
    for one in found:
        fate = "then renewed automatically" if one.kind == "auto" else "then add a new one"
        say(f"https://{one.domain} is served until {_day(one.ends)}, {fate}")
    _say_untrusted(found)


def _show(found: Sequence[Certificate]) -> None:
    rows = [
        (
            one.domain,
            one.app,
            _day(one.ends),
            one.kind,
            one.issuer,
            _served(one),
        )
        for one in found
    ]
    show_table(COLUMNS, rows)
    for app in sorted({one.app for one in found if not one.covered}):
        say(f"A domain is not in the certificate: pushdeploy certs:auto --app {app}")
    if any(one.covered and not one.served for one in found):
        say("nginx does not serve the certificate on disk: pushdeploy reconcile")
    _say_untrusted(found)


def _say_untrusted(found: Sequence[Certificate]) -> None:
    apps = {one.issuer: one.app for one in found if not one.trusted}
    for issuer, app in sorted(apps.items()):
        say(
            f"No browser trusts what {issuer} issues: visitors are warned, and are not told to",
            f"insist on HTTPS (HSTS). One that they trust: pushdeploy certs:auto --app {app}",
        )


def _served(one: Certificate) -> str:
    if not one.covered:
        return "not in it"
    return "yes" if one.served else "NO"


def _day(epoch: float) -> str:
    return iso(epoch).partition("T")[0]
