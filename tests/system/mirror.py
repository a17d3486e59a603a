"""A mirror of Pythons as uv fetches them, made from the one that runs the tests.

Its archive has the shape of python-build-standalone's (`python/bin`, `python/lib`), and its list
that of uv's `python-downloads-json-url`.
"""

from __future__ import annotations

import json
import platform
import sys
import tarfile
from pathlib import Path

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
LEFT_OUT = ("sitecustomize", "site-packages", "dist-packages", "test", "__pycache__", "config-")


def make_mirror(folder: Path, patch: int = 99) -> str:
    """Make it in a folder; returns the version that it has: `3.11.99`."""
    archive = folder / "python.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(Path(sys.executable).resolve(), f"python/bin/python{MINOR}")
        library = Path(sys.base_prefix) / "lib" / f"python{MINOR}"
        tar.add(library, f"python/lib/python{MINOR}", filter=_wanted)
    version = f"{MINOR}.{patch}"
    key = f"cpython-{version}-linux-{platform.machine()}-gnu"
    listed = {
        key: {
            "name": "cpython",
            "arch": {"family": platform.machine(), "variant": None},
            "os": "linux",
            "libc": "gnu",
            "major": sys.version_info.major,
            "minor": sys.version_info.minor,
            "patch": patch,
            "prerelease": "",
            "url": archive.as_uri(),
            "sha256": None,
            "variant": None,
            "build": "20260101",
        }
    }
    (folder / "downloads.json").write_text(json.dumps(listed))
    setting = f'python-downloads-json-url = "{(folder / "downloads.json").as_uri()}"\n'
    (folder / "uv.toml").write_text(setting)
    return version


def _wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if any(name in member.name for name in LEFT_OUT) else member


if __name__ == "__main__":
    print(make_mirror(Path(sys.argv[1])))  # noqa: T201 - a server's test reads it
