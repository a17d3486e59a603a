"""What runs as the build user: has uv fill one venv, in its final place.

Arguments: the venv, the code, and commands with `--` between them. They print as they like, and
the first starts before anything is imported: what is needed afterwards is imported while the last
one works.
"""

from __future__ import annotations

import os
import sys

PRIVATE = "PUSHDEPLOY_PRIVATE"
"""`PRIVATE_VARIABLE` of model/job.py, whose import would take longer than all this."""


def main() -> int:
    """Run from the command line of a job."""
    venv, code, *lines = sys.argv[1:]
    os.umask(0o027)
    os.chdir(code)
    take_private()
    *first, last = commands(lines)
    try:
        for line in first:
            status = ended(os.posix_spawn(line[0], line, os.environ))
            if status != 0:
                return status
        working = os.posix_spawn(last[0], last, os.environ)
    except OSError as error:
        sys.stderr.write(f"uv did not start: {error}\n")
        return 1

    from pushdeploy.build.venv import finish

    return finish(venv, lambda: ended(working))


def take_private() -> None:
    """Take the private part of the environment from the job's file (`Job.private`)."""
    path = os.environ.pop(PRIVATE, None)
    if path is not None:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes longer than all this
            pairs = file.read().split(b"\0")[:-1]
        for pair in pairs:
            name, _, value = pair.partition(b"=")
            os.environb[name] = value


def commands(words: list[str]) -> list[list[str]]:
    """The command lines between each two `--`."""
    found: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            found.append([])
        else:
            found[-1].append(word)
    return found


def ended(child: int) -> int:
    """Wait for a child; returns its exit status, or 128 and more for a signal, as a shell does."""
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
