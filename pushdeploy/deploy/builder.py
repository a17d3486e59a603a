"""What runs as the build user: has uv make one venv, in its final place.

Arguments: the venv, the code, the command that makes the venv empty, `--`, and the one that
installs into it. Prints what uv prints. The first command starts before anything is imported that
the second one needs: both take about as long.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run from the command line of a job."""
    venv, code, *lines = sys.argv[1:]
    end = lines.index("--")
    os.umask(0o027)
    try:
        making = os.posix_spawn(lines[0], lines[:end], os.environ)
    except OSError as error:
        sys.stderr.write(f"uv did not start: {error}\n")
        return 1

    from pushdeploy.deploy.venv import fill  # noqa: PLC0415

    return fill(venv, code, lines[end + 1 :], making)


if __name__ == "__main__":
    sys.exit(main())
