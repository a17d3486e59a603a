"""`notify`, `notify:add`, `notify:remove`, `notify:test`: where notices go."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json, show_table
from pushdeploy.cli.style import problem
from pushdeploy.cli.times import iso, local, local_and_ago
from pushdeploy.cli.typed_file import STDIN, read_stdin
from pushdeploy.engine.registry import App
from pushdeploy.engine.verbs import notify as verbs
from pushdeploy.errors import UnavailableError, UsageError
from pushdeploy.model.notice_address import parse_only, parse_url
from pushdeploy.model.text import escaped

if TYPE_CHECKING:
    from pushdeploy.cli.invocation import Invocation
    from pushdeploy.cli.target import Local

COLUMNS = ("Number", "App", "To", "Topics", "State")


@command("notify", example="pushdeploy notify", app=App.OPTIONAL)
@json_option
def notify(target: Local, *, app: str | None, as_json: bool) -> None:
    """Show where notices go, and what is wrong now.

    With --app, the addresses of that app and those of the server, which get notices about all apps.
    URLs are not shown whole: they hold secrets.
    """
    found = target.ask(verbs.notices(app or None))
    if as_json:
        show_json(
            {
                "addresses": [_record(one) for one in found.addresses],
                "wrong": [_open(one) for one in found.wrong],
                "given_up": [_given_up(one) for one in found.given_up],
            }
        )
        return
    now = target.now()
    if found.addresses:
        show_table(COLUMNS, [_row(one) for one in found.addresses])
    else:
        say(
            "Notices go nowhere yet. Add an address: pushdeploy notify:add https://example.com/hook"
        )
    for wrong in found.wrong:
        where = f"{wrong.app}: " if wrong.app else ""
        since = local_and_ago(wrong.since, now)
        say(*problem(escaped(f"{where}{wrong.text}, since {since}"), wrong.command or None))
    for lost in found.given_up:
        where = f"{lost.app}: " if lost.app else ""
        text = f"given up: {where}{lost.text}, of {local(lost.made)}: {lost.answer}"
        say(*problem(escaped(text), "pushdeploy notify:test"))


def _on_stdin(invocation: Invocation) -> Invocation:
    """Check the URL here, and keep it off ssh's command line."""
    parameters = dict(invocation.parameters)
    parse_only(parameters.get("only") or "")
    url = _url(parameters["url"])
    return replace(invocation, parameters={**parameters, "url": STDIN}, stdin=url.encode())


@command(
    "notify:add",
    example="pushdeploy notify:add https://example.com/hook --only deploy,backup",
    app=App.OPTIONAL,
    prepare=_on_stdin,
)
@click.argument("url")
@click.option("--only", metavar="TOPIC,...", default="", help="Only these topics; else all.")
def notify_add(target: Local, *, app: str | None, url: str, only: str) -> None:
    """Send notices to an address: what was deployed, and what goes wrong.

    With --app about that app; without, about all apps and the server.

    A webhook gets JSON; those of Slack, Discord and ntfy are known by their host, and
    slack+https://, discord+https:// and ntfy+https:// name a server of your own. Mail:
    mailto:me@example.com by this server's own mail server, or
    smtps://user:password@host/?to=me@example.com. All other URLs are those of Apprise. Topics:
    deploy, process, schedule, backup, certificate, server. With `-`, the URL is read from stdin,
    where nobody else on the server sees it.
    """
    made = target.ask(verbs.add(app or None, url=_url(url), only=only))
    about = app or "this server and all its apps"
    topics = f" ({', '.join(made.only)})" if made.only else ""
    say(f"{made.shown} gets notices about {about}{topics}.")
    say(f"Try it: pushdeploy notify:test{f' --app {app}' if app else ''}")


@command("notify:remove", example="pushdeploy notify:remove 1", app=App.OPTIONAL)
@click.argument("number", type=click.IntRange(min=1))
def notify_remove(target: Local, *, app: str | None, number: int) -> None:
    """Send no more notices to an address; `notify` shows its number.

    Each app's list has numbers of its own: for one of those, give --app.
    """
    gone = target.ask(verbs.remove(app or None, number=number))
    say(f"{gone.shown} gets no more notices.")


@command("notify:test", example="pushdeploy notify:test", app=App.OPTIONAL)
def notify_test(target: Local, *, app: str | None) -> int:
    """Send a test to each address at once, and say what it answered.

    With --app to the addresses of that app, else to those of the server.
    """
    tried = target.ask(verbs.test(app or None)).tried
    for one in tried:
        if one.wrong:
            say(*problem(f"{one.address.shown}: {escaped(one.wrong)}", None))
        else:
            say(f"{one.address.shown}: accepted")
    return UnavailableError.exit_code if any(one.wrong for one in tried) else 0


def _url(text: str) -> str:
    if text != STDIN:
        return parse_url(text)
    try:
        return parse_url(read_stdin().decode())
    except UnicodeDecodeError as error:
        raise UsageError("stdin is not UTF-8 text") from error


def _row(one: verbs.Listed) -> tuple[str, ...]:
    state = f"{one.waiting} waiting: {one.trouble}" if one.waiting else "-"
    topics = ", ".join(one.only) or "all"
    return (str(one.number), one.app or "-", one.shown, topics, escaped(state))


def _record(one: verbs.Listed) -> dict[str, Any]:
    return {
        "number": one.number,
        "app": one.app or None,
        "kind": one.kind,
        "to": one.shown,
        "only": list(one.only),
        "waiting": one.waiting,
        "trouble": one.trouble or None,
    }


def _open(one: verbs.Open) -> dict[str, Any]:
    return {
        "app": one.app or None,
        "topic": one.topic,
        "text": one.text,
        "since": iso(one.since),
        "command": one.command or None,
    }


def _given_up(one: verbs.GivenUp) -> dict[str, Any]:
    made = iso(one.made)
    return {"app": one.app or None, "text": one.text, "made": made, "answer": one.answer}
