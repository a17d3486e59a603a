"""Compiles a venv's packages to bytecode. Run by the app's own Python, of whatever version.

Without `site` (python(1), `-S`), so that no `.pth` file of a package runs.
"""

from __future__ import annotations

import compileall
import os
import sys


def main(venv: str) -> None:
    """Compile with a process for each core; what does not compile is left to fail when used."""
    files = [
        os.path.join(folder, name)
        for folder, _, names in os.walk(venv + "/lib")
        for name in names
        if name.endswith(".py")
    ]
    share = len(os.sched_getaffinity(0))
    children = []
    for first in range(share):
        child = os.fork()
        if child == 0:
            for path in files[first::share]:
                compileall.compile_file(path, quiet=2)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(sys.argv[1])
