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

NO_BUILD = "--no-build"
BUILDS = "builds-v0"
"""Where uv, in its cache, makes what a build needs, before any code of a package runs."""

SETTINGS = ("pyvenv.cfg", "pushdeploy.requirements.txt", "pylock.pushdeploy.toml")
"""Beside the packages in a venv: what says where its Python has its standard library, and what a
lock had (`model/pins.py`). We and uv make them, no package does."""

CHANGED = 1
"""Exit status: a package has others of them."""


def main() -> int:
    """Run from the command line of a job."""
    venv, code, *lines = sys.argv[1:]
    os.umask(0o027)
    os.chdir(code)
    take_private()
    *first, last = commands(lines)
    alone = NO_BUILD in lines
    made = known(venv)
    if alone:
        forbid_builds(os.environ["UV_CACHE_DIR"])
    try:
        for line in first:
            status = ended(os.posix_spawn(line[0], line, os.environ))
            if status != 0:
                return status
            if NO_BUILD not in line:
                made = known(venv)
        if alone and known(venv) != made:
            return CHANGED
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


def forbid_builds(cache: str) -> None:
    """Have uv build nothing with this cache: requirements can allow it in spite of `--no-build`.

    A file is where uv would make a folder, and it fails before it runs anything.
    """
    os.makedirs(cache, exist_ok=True)  # noqa: PTH103 - as above
    path = f"{cache}/{BUILDS}"
    if os.path.isdir(path):  # noqa: PTH112 - as above; made before there was this file
        import shutil

        shutil.rmtree(path)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def known(venv: str) -> list[bytes | None]:
    """The content of what no package makes, as far as it is there."""
    found: list[bytes | None] = []
    for name in SETTINGS:
        try:
            with open(f"{venv}/{name}", "rb") as file:  # noqa: PTH123 - as above
                found.append(file.read())
        except OSError:
            found.append(None)
    return found


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
