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


def _at_terminal() -> bool:
    return os.isatty(0) and os.isatty(1)


def _with_terminal(invocation: Invocation) -> Invocation:
    """Have ssh make a terminal there, when there is one here."""
    return replace(invocation, terminal=_at_terminal())


@command(
    "run",
    example="pushdeploy run --app blog python manage.py shell",
    prepare=_with_terminal,
    settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND...")
def run(target: Local, *, app: str, argv: tuple[str, ...]) -> int:
    """Run COMMAND as the app.

    It runs in its own process with the live release's code and config vars; its arguments are
    passed on unchanged. A single argument is run by a shell: 'ls *.db | wc -l'; if it is the name
    of a process type, such as migrate, the line of that type is run. Its exit status is passed
    through, or 128 + N when signal N ended it. Put pushdeploy's options before COMMAND.
    """
    terminal = _at_terminal()
    handed = nullcontext(DESCRIPTORS) if terminal else without_terminals(DESCRIPTORS)
    request = verbs.run(
        app,
        argv=tuple(os.fsencode(word).decode("utf-8", "surrogateescape") for word in argv),
        terminal=terminal,
        term=os.environ.get("TERM", ""),
    )
    with handed as descriptors:
        status = attached(target, request, descriptors).exit_code
    if status == NOT_FOUND and len(argv) > 1 and SHELL.search(argv[0]):
        hint = style.with_quotes("run", app, "'COMMAND LINE'")
        say(
            *style.problem(f"{quoted(argv[0])} is for a shell, which gets only a single word", hint)
        )
    return status
