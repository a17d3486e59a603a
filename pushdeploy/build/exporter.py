"""What runs as the build user to have another tool write its lock as requirements.

Arguments: the file to write, and the tool's command, which prints them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pushdeploy.build.builder import take_private

PYPI = "-i https://pypi.org/simple"
"""What pipenv always prints; a server with a mirror of its own has reasons for it."""


def main() -> int:
    """Run from the command line of a job; what the tool says on stderr is for the person."""
    take_private()
    pins, command = Path(sys.argv[1]), sys.argv[2:]
    part = pins.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        outputs = [(os.POSIX_SPAWN_DUP2, file.fileno(), 1)]
        try:
            child = os.posix_spawn(command[0], command, os.environ, file_actions=outputs)
        except OSError as error:
            sys.stderr.write(f"{command[0]} did not start: {error}\n")
            return 1
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 0:
        lines = part.read_text(encoding="utf-8").splitlines(keepends=True)
        pins.write_text("".join(line for line in lines if line.strip() != PYPI), encoding="utf-8")
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
