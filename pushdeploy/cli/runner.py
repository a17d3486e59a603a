"""`pushdeploy`: the command line, on the server, in embedded mode, over ssh and on the laptop."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from pushdeploy.cli.group import commands
from pushdeploy.cli.invocation import PROGRAM
from pushdeploy.cli.output import say
from pushdeploy.cli.style import problem
from pushdeploy.cli.target import find_target, server_target
from pushdeploy.errors import INTERRUPTED, OUR_BUG, PushdeployError, UsageError
from pushdeploy.system.standard_streams import open_standard

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.cli.target import Target

BROKEN_PIPE = 141
"""128 + SIGPIPE: whoever read our output has left, as `head` does."""


def main() -> int:
    """Carry out the command line of this process; returns the exit status."""
    open_standard()
    return status_of(sys.argv[1:], find_target)


def run_over_ssh(words: list[str]) -> int:
    """Carry out a command that came through the forced command: a name of a file means nothing."""
    return status_of(words, lambda: server_target(over_ssh=True))


def status_of(arguments: list[str], target: Callable[[], Target]) -> int:
    """Carry out a command; errors are shown. Returns the exit status."""
    try:
        return _carried_out(arguments, target)
    except PushdeployError as error:
        say(*problem(error.message, error.hint))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - our bug: short here, whole where it is kept
        from pushdeploy.cli.crash_log import keep  # rarely needed

        say(*problem(f"pushdeploy itself failed: {error!r}", keep(error)))
        return OUR_BUG


def _carried_out(arguments: list[str], target: Callable[[], Target]) -> int:
    try:
        status = commands.main(
            arguments or ["--help"], prog_name=PROGRAM, standalone_mode=False, obj=target
        )
        sys.stdout.flush()
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        raise _usage_error(error) from error
    except BrokenPipeError:
        # What is left in the buffer would fail again, noisily, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except SystemExit:  # click's answer to a broken pipe while a command prints
        return BROKEN_PIPE
    return status if isinstance(status, int) else 0


def _usage_error(error: click.ClickException) -> UsageError:
    hint = None
    context = getattr(error, "ctx", None)
    if isinstance(context, click.Context):
        hint = f"{context.command_path} --help"
    return UsageError(error.format_message(), hint=hint)
