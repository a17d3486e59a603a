"""A copy of a release's code that a build may write to. Runs as the build user.

Neither owners nor set-group-id bits come along: the sandbox lets nobody make those.
"""

from __future__ import annotations

import os
import shutil
import sys

PERMISSIONS = 0o777


def copy(source: str, target: str) -> None:
    """Copy what is in a folder into one that is there; links stay links."""
    for folder, folders, files in os.walk(source):
        place = target + folder[len(source) :]
        for name in [*folders, *files]:
            _copy(f"{folder}/{name}", f"{place}/{name}")


def _copy(source: str, target: str) -> None:
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
    elif os.path.isdir(source):
        os.mkdir(target)
    else:
        _copy_file(source, target)


def _copy_file(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    status = os.stat(source)
    os.chmod(target, status.st_mode & PERMISSIONS)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


if __name__ == "__main__":
    copy(*sys.argv[1:3])
