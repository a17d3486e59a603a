"""What runs as the build user when a venv begins with another one's files (`seed.py`).

Arguments: the seed, the new venv, the code, what a lock has been written to in each (a name, or
nothing), packages that are not taken over (names with commas between them), and commands with `--`
between them: those that come first, uv's, and the one that makes bytecode. Standard input has one
byte when they may begin, and one when the seed's other files are there.
"""

from __future__ import annotations

import os
import sys

from pushdeploy.build.builder import commands, ended, forbid_builds, known, take_private

UNFIT = 203
"""Exit status: the venv has to be made without a seed; nothing is wrong with the packages."""

READ_NOTHING = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]


def main() -> int:
    """Run from the command line of a job."""
    seed, venv, code, pins, but, *lines = sys.argv[1:]
    os.umask(0o027)
    os.chdir(code)
    take_private()
    *first, change, compiled = commands(lines)
    if not told():
        return UNFIT
    forbid_builds(os.environ["UV_CACHE_DIR"])
    if (status := _prepared(first)) != 0:
        return status
    before = installed(venv)
    others = _others(seed, venv, pins, but)
    if others is None:
        return UNFIT
    present = _without(venv, before, others)
    made = known(venv)
    working = spawn(change)

    from pushdeploy.build import grown
    from pushdeploy.build.venv import finish

    def rest() -> int:
        if (status := ended(working)) != 0:
            return status
        after = installed(venv)
        if known(venv) != made or grown.meddles(venv, after - present):
            return UNFIT
        kept = present & after
        compiling = spawn(compiled) if after - present else None
        if not told():
            return UNFIT
        try:
            grown.drop(seed, venv, before - kept, kept)
            status = 0 if compiling is None else ended(compiling)
            if status == 0:
                grown.move_in(seed, venv, kept)
        except (grown.UnusableError, OSError):
            return UNFIT
        return status

    return finish(venv, rest)


def _prepared(first: list[list[str]]) -> int:
    """Have the lock written down; returns the exit status of the last that was run."""
    for line in first:
        if (status := ended(spawn(line))) != 0:
            return status
    return 0


def _others(seed: str, venv: str, pins: str, but: str) -> frozenset[str] | None:
    """Names of the packages that are not taken over; `None` when none may be."""
    names = frozenset(filter(None, but.split(",")))
    if not pins:
        return names

    from pushdeploy.model.pins import differing

    texts = []
    try:
        for place in (seed, venv):
            with open(f"{place}/{pins}", encoding="utf-8") as file:
                texts.append({pins: file.read()})
    except (OSError, ValueError):
        return None
    found = differing(*texts)
    return None if found is None else found | names


def _without(venv: str, packages: set[str], names: frozenset[str]) -> set[str]:
    """Have uv not find the packages of these names; returns those that it finds."""
    if not names:
        return packages

    from pushdeploy.model.pins import name_of_record

    gone = {one for one in packages if name_of_record(one) in names}
    for package in gone:
        for folder, _, files in os.walk(f"{venv}/{package}", topdown=False):
            for name in files:
                os.unlink(f"{folder}/{name}")
            os.rmdir(folder)
    return packages - gone


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
