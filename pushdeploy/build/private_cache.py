"""A cache for one build, beside the app's own, which it can only read. Runs as the build user.

What the app's cache has unpacked is there by links to its files; the rest, which uv writes to, is
copied. uv follows the links as it copies packages into a venv.
"""

from __future__ import annotations

import os
import sys

UNPACKED = "/archive-"
BUILDS = "builds-v0"
"""`builder.BUILDS`."""


def seed(verified: str, private: str) -> None:
    """Make the private cache hold what the verified one does."""
    os.makedirs(private, exist_ok=True)
    for folder, folders, files in os.walk(verified):
        inside = folder[len(verified) :]
        for name in folders:
            source, target = f"{folder}/{name}", f"{private}{inside}/{name}"
            if os.path.islink(source):
                os.symlink(os.readlink(source), target)
            else:
                os.mkdir(target)
        for name in files:
            if name == BUILDS and not inside:  # builds are forbidden there, not here
                continue
            source, target = f"{folder}/{name}", f"{private}{inside}/{name}"
            if inside.startswith(UNPACKED):
                os.symlink(source, target)
            elif os.path.islink(source):
                os.symlink(os.readlink(source), target)
            else:
                _copy(source, target)


def _copy(source: str, target: str) -> None:
    with open(source, "rb") as found, open(target, "wb") as made:
        made.write(found.read())


if __name__ == "__main__":
    seed(*sys.argv[1:3])
