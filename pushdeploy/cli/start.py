"""The program `pushdeploy`. A server's engine is called before the commands are imported."""

from __future__ import annotations

import sys

from pushdeploy.cli.early import call_for, open_standard


def main() -> int:
    """Carry out the command line of this process; returns the exit status."""
    open_standard()
    words = sys.argv[1:]
    called = call_for(words)
    from pushdeploy.cli.main import main as carry_out  # noqa: PLC0415 - the engine starts meanwhile

    return carry_out(words, called)


if __name__ == "__main__":
    sys.exit(main())
