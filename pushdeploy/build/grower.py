"""What runs as the build user when a venv begins with another one's files (`seed.py`).

Arguments: the seed, the new venv, the code, and two commands with `--` between them: uv's, and the
one that makes bytecode. Standard input has one byte when uv may begin, and one when the seed's
other files are there.
"""

from __future__ import annotations

import os
import sys

from pushdeploy.build.builder import forbid_builds, settings, take_private

UNFIT = 203
"""Exit status: the venv has to be made without a seed; nothing is wrong with the packages."""

READ_NOTHING = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]


def main() -> int:
    """Run from the command line of a job."""
    seed, venv, code, *lines = sys.argv[1:]
    os.umask(0o027)
    os.chdir(code)
    take_private()
    middle = lines.index("--")
    if not told():
        return UNFIT
    before, made = installed(venv), settings(venv)
    forbid_builds(os.environ["UV_CACHE_DIR"])
    try:
        working = spawn(lines[:middle])
    except OSError as error:
        sys.stderr.write(f"uv did not start: {error}\n")
        return 1

    from pushdeploy.build import grown
    from pushdeploy.build.builder import ended
    from pushdeploy.build.venv import finish

    def rest() -> int:
        if (status := ended(working)) != 0:
            return status
        after = installed(venv)
        if settings(venv) != made or grown.meddles(venv, after - before):
            return UNFIT
        compiling = spawn(lines[middle + 1 :]) if after - before else None
        if not told():
            return UNFIT
        try:
            grown.drop(seed, venv, before - after, before & after)
            status = 0 if compiling is None else ended(compiling)
            if status == 0:
                grown.move_in(seed, venv, before & after)
        except (grown.UnusableError, OSError):
            return UNFIT
        return status

    return finish(venv, rest)


def told() -> bool:
    """Wait for the next byte; False when whoever should send it has given up."""
    return len(os.read(0, 1)) == 1


def spawn(line: list[str]) -> int:
    """Start a program that reads nothing."""
    return os.posix_spawn(line[0], line, os.environ, file_actions=READ_NOTHING)


def installed(venv: str) -> set[str]:
    """The folders that say what is installed, from the venv's own."""
    lib = f"{venv}/lib"
    return {
        f"lib/{library}/site-packages/{name}"
        for library in os.listdir(lib)
        for name in os.listdir(f"{lib}/{library}/site-packages")
        if name.endswith(".dist-info")
    }


if __name__ == "__main__":
    sys.exit(main())
