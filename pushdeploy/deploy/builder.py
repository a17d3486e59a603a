"""What runs as the build user: has uv make one venv, in its final place.

Arguments: the venv, the code, the command that makes the venv empty, `--`, and the one that
installs into it. Both print as they like, and both start before anything is imported: what is
needed afterwards is imported while the second one works.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run from the command line of a job."""
    venv, code, *lines = sys.argv[1:]
    end = lines.index("--")
    os.umask(0o027)
    os.chdir(code)
    try:
        status = ended(os.posix_spawn(lines[0], lines[:end], os.environ))
        if status != 0:
            return status
        installing = os.posix_spawn(lines[end + 1], lines[end + 1 :], os.environ)
    except OSError as error:
        sys.stderr.write(f"uv did not start: {error}\n")
        return 1

    from pushdeploy.deploy.venv import finish  # noqa: PLC0415

    return finish(venv, lambda: ended(installing))


def ended(child: int) -> int:
    """Wait for a child; returns its exit status, or 128 and more for a signal, as a shell does."""
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
