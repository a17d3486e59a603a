"""`run`: a command in a fresh process with the live release's code and config vars."""

from __future__ import annotations

import os
import re
import sys
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import click

from pushdeploy.cli import style
from pushdeploy.cli.command import command
from pushdeploy.cli.output import say
from pushdeploy.engine.verbs import run as verbs
from pushdeploy.model.text import quoted
from pushdeploy.system.terminal_pipes import without_terminals

if TYPE_CHECKING:
    from pushdeploy.cli.invocation import Invocation
    from pushdeploy.cli.target import Local
    from pushdeploy.engine.registry import Request


Answer = TypeVar("Answer")

DESCRIPTORS = (0, 1, 2)

NOT_FOUND = 127
"""What a shell says of a program that is not there."""

SHELL = re.compile(r"[\s=;&|<>]")
"""In no program's name, but at the beginning of what a shell reads: `A=b`, `cd x;`."""


def attached(
    target: Local,
    request: Request[Answer],
    descriptors: tuple[int, int, int] = DESCRIPTORS,
) -> Answer:
    """Ask the engine, which uses our stdin, stdout and stderr itself; returns its answer."""
    sys.stdout.flush()
    return target.engine(request, descriptors=descriptors)


def connected(target: Local, request: Request[Answer]) -> Answer:
    """The same; what it runs gets no terminal of ours, but pipes in its place."""
    handed = nullcontext(DESCRIPTORS) if at_terminal() else without_terminals(DESCRIPTORS)
    with handed as descriptors:
        return attached(target, request, descriptors)


def at_terminal() -> bool:
    """True when a person sits here."""
    return os.isatty(0) and os.isatty(1)


def with_terminal(invocation: Invocation) -> Invocation:
    """Have ssh make a terminal there, when there is one here."""
    return replace(invocation, terminal=at_terminal())


@command(
    "run",
    example="pushdeploy run --app blog python manage.py shell",
    prepare=with_terminal,
    settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND...")
def run(target: Local, *, app: str, argv: tuple[str, ...]) -> int:
    """Run COMMAND as the app.

    It runs in its own process with the live release's code and config vars; its arguments are
    passed on unchanged. A single argument is run by a shell: 'ls *.db | wc -l'; if it is the name
    of a process type, such as migrate, the line of that type is run. Its exit status is passed
    through, or 128 + N when signal N ended it; if what it printed names the cause of a failure,
    the command that helps is said after it. Put pushdeploy's options before COMMAND.
    """
    request = verbs.run(
        app,
        argv=tuple(os.fsencode(word).decode("utf-8", "surrogateescape") for word in argv),
        terminal=at_terminal(),
        term=os.environ.get("TERM", ""),
    )
    ran = connected(target, request)
    status = ran.exit_code
    if ran.why:
        say(*style.problem(ran.why, ran.hint))
    if status == NOT_FOUND and len(argv) > 1 and SHELL.search(argv[0]):
        hint = style.with_quotes("run", app, "'COMMAND LINE'")
        say(
            *style.problem(f"{quoted(argv[0])} is for a shell, which gets only a single word", hint)
        )
    return status
