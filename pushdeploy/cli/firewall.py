"""`firewall:status`, `firewall:enable`: ufw, without locking anybody out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json, show_lines
from pushdeploy.engine.registry import App
from pushdeploy.engine.verbs import firewall as verbs
from pushdeploy.errors import UsageError
from pushdeploy.system.address import ssh_connection

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local


@command("firewall:status", example="pushdeploy firewall:status", app=App.NONE)
@json_option
def firewall_status(target: Local, *, as_json: bool) -> None:
    """Show whether the firewall is on, and its rules."""
    found = target.ask(verbs.firewall())
    if as_json:
        show_json({"active": found.active, "text": "\n".join(found.text)})
    else:
        show_lines(found.text)
        if not found.active:
            say("Turn it on: pushdeploy firewall:enable")


@command("firewall:enable", example="pushdeploy firewall:enable --yes", app=App.NONE)
@click.option("--yes", is_flag=True, help="Do not ask.")
def firewall_enable(target: Local, *, yes: bool) -> None:
    """Turn on the firewall: open ssh, HTTP and HTTPS, and no other new port.

    Existing rules stay. The ssh port is allowed and verified before the firewall is turned on.
    """
    connection = ssh_connection()
    plan = target.ask(verbs.plan(connection=connection))
    ssh = ", ".join(str(port) for port in plan.ssh_ports)
    say(f"ssh listens on port {ssh}; it stays open, for IPv4 and IPv6.")
    if plan.opens:
        say(f"Rules to add: allow {', '.join(f'{port}/tcp' for port in plan.opens)}.")
    if not plan.ipv6:
        say("Warning: ufw leaves IPv6 alone; see IPV6=no in /etc/default/ufw.")
    if plan.active and not plan.opens:
        say("The firewall is on already, and nothing is missing.")
        return
    if not yes:
        _ask()
    target.ask(verbs.enable(connection=connection, confirmed=True))
    say("The firewall is on. See it: pushdeploy firewall:status")


def _ask() -> None:
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for confirmation", hint="pushdeploy firewall:enable --yes"
        )
    if not click.confirm("Turn the firewall on?", default=False, err=True):
        raise UsageError("nothing changed", hint="pushdeploy firewall:enable")
