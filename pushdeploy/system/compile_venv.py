"""Compiles a venv's packages to bytecode. Run by the app's own Python, of whatever version.

Without `site` (python(1), `-S`), so that no `.pth` file of a package runs. Old packages import
`pkg_resources` without asking for the setuptools that has it: exit status 204 says so.
"""

from __future__ import annotations

import compileall
import os
import re
import sys

NEEDS_SETUPTOOLS = 204

WANTS = re.compile(rb"^(?:import|from) pkg_resources\b", re.MULTILINE)
"""Not where it is indented: there a package can do without."""

WITH_REASONS_OF_ITS_OWN = ("/setuptools/", "/pkg_resources/", "/_distutils_hack/")


def main(venv: str) -> int:
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
            wants = False
            for path in files[first::share]:
                compileall.compile_file(path, quiet=2)
                wants = wants or wants_pkg_resources(path)
            os._exit(NEEDS_SETUPTOOLS if wants else 0)
        children.append(child)
    ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    has_it = any(path.endswith("/pkg_resources/__init__.py") for path in files)
    return NEEDS_SETUPTOOLS if NEEDS_SETUPTOOLS in ended and not has_it else 0


def wants_pkg_resources(path: str) -> bool:
    """Whether a module can't be imported without it."""
    if any(part in path for part in WITH_REASONS_OF_ITS_OWN):
        return False
    try:
        with open(path, "rb") as file:
            return WANTS.search(file.read()) is not None
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
