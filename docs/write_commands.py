#!/usr/bin/env python3
"""Write docs/reference/commands.md from the commands themselves; a test compares the two."""

from __future__ import annotations

from pathlib import Path

import click

from pushdeploy.cli.group import ALIASES, commands, sentences
from pushdeploy.cli.invocation import PROGRAM

PAGE = Path(__file__).parent / "reference" / "commands.md"

COLUMNS = 88

# ruff: noqa: E501 - a sentence of the page on a line of its own
HEAD = """\
# Commands

This page is written by `docs/write_commands.py`; `pushdeploy COMMAND --help` shows the same.

On the server, `--app` names the app; with a single app it can be left out.
The app can also be the first word after the command: `pushdeploy ps blog`.
On a laptop, in a checkout with a git remote such as `deploy@HOST:blog`, the same command runs on that server over ssh.
The remote is the one called `production`, or the only one of that kind, or the one that `--remote` names.
`ssh deploy@HOST ps blog` needs nothing installed on the laptop.

Data goes to stdout, messages to stderr; `NO_COLOR` turns tables with borders into plain columns.
See also: [exit codes](exit-codes.md), [JSON](json.md).
"""


def page() -> str:
    """The whole page."""
    context = click.Context(commands, info_name=PROGRAM, **commands.context_settings)
    parts = [HEAD, "| Command | |\n|---|---|"]
    parts += [f"| [`{name}`](#{_anchor(name)}) | {told} |" for name, told in sentences().items()]
    others = ", ".join(f"`{other}` is `{name}`" for other, name in ALIASES.items())
    parts.append(f"\nOther names: {others}.")
    for name in sentences():
        command = commands.get_command(context, name)
        if command is not None:
            shown = click.Context(
                command, context, name, max_content_width=COLUMNS, terminal_width=COLUMNS
            )
            parts.append(f"\n## {name}\n\n```text\n{command.get_help(shown)}\n```")
    return "\n".join(parts) + "\n"


def _anchor(name: str) -> str:
    """What GitHub makes of a heading."""
    return name.replace(":", "")


if __name__ == "__main__":
    PAGE.write_text(page())
