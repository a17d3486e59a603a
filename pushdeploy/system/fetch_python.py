"""uv fetches a Python (docs.astral.sh/uv, `uv python install`), and it becomes root's.

What downloads and unpacks runs without privilege, and hands back an archive: root follows nothing
that it made. uv knows the digests of what it fetches; a mirror is named in `/etc/uv/uv.toml`.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.app_layout import COMPLETE, NEW
from pushdeploy.model.instance import DEFAULT_MEMORY, DEFAULT_TASKS
from pushdeploy.system import command, uv
from pushdeploy.system.command import Command
from pushdeploy.system.files import delete_tree, sync_filesystem
from pushdeploy.system.pythons import FETCHED
from pushdeploy.system.rendering import render
from pushdeploy.system.systemctl import transient_until_end
from pushdeploy.system.unit_files import settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.model.python_version import PythonVersion

SECONDS = 900.0
"""A download of 30 MB over a slow line."""

FETCH = (
    'set -e; umask 022; "$1" python install --no-bin --install-dir="$2" "$3" >&2; cd "$2"; '
    "exec tar --create cpython-[0-9]*.[0-9]*.[0-9]*-*"
)
"""Then uv, a folder and a version; a link for the minor version, which uv makes too, stays out."""

PRIVATE = "/tmp"  # noqa: S108 - the unit has one of its own

MOST_SAID = 4000
LONGEST_CAUSE = 300

HOST = re.compile(r"https?://(?:[^/\s`@]{1,200}@)?([A-Za-z0-9.-]{1,200})")
CAUSE = re.compile(r"^(?:cause|Caused by): ")


class ServerPythons:
    """On a server: in a unit with a user that nobody else has (systemd.exec(5), DynamicUser=)."""

    def fetch(self, uv_program: Path, version: PythonVersion, folder: Path) -> Path:
        """Fetch the newest of a minor version into a folder of root's; returns where it is.

        Raises:
            UnavailableError: it could not be had, and why.
        """
        scratch = f"{PRIVATE}/pythons"
        words = ["/bin/sh", "-c", FETCH, "fetch", str(uv_program), scratch, str(version)]
        line = transient_until_end(_options(), [word.replace("$", "$$") for word in words])
        return _unpacked(Command(line), folder)


class OwnPythons:
    """In embedded mode: as the one person."""

    def fetch(self, uv_program: Path, version: PythonVersion, folder: Path) -> Path:
        """Fetch the newest of a minor version; returns where it is.

        Raises:
            UnavailableError: it could not be had, and why.
        """
        scratch = folder / f"{NEW}{secrets.token_hex(4)}"
        words = ["/bin/sh", "-c", FETCH, "fetch", str(uv_program), str(scratch), str(version)]
        try:
            return _unpacked(Command(words), folder)
        finally:
            delete_tree(scratch)


def _options() -> list[str]:
    settings = [
        *settings_of(render("systemd/sandbox.j2")),
        "DynamicUser=yes",
        f"MemoryMax={DEFAULT_MEMORY}",
        f"TasksMax={DEFAULT_TASKS}",
        f"RuntimeMaxSec={SECONDS:.0f}",
        "Slice=pushdeploy.slice",
    ]
    return [
        "--pipe",
        "--service-type=exec",
        f"--unit=pushdeploy.python.{time.monotonic_ns()}",
        "--description=pushdeploy: fetching of a Python",
        *(f"--property={line}" for line in settings),
        *(f"--setenv={name}={value}" for name, value in uv.fetch_settings(PRIVATE)),
    ]


def _unpacked(line: Command, folder: Path) -> Path:
    """Run what prints an archive, and have its one folder here, whole or not at all."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    for left in folder.glob(f"{NEW}*"):  # what was killed, as the caller holds the lock
        delete_tree(left)
    aside = folder / f"{NEW}{secrets.token_hex(4)}"
    archive = aside.with_name(f"{aside.name}.tar")
    try:
        _run(line, archive)
        aside.mkdir(mode=0o755)
        options = ("--no-same-owner", "--no-same-permissions", "--keep-old-files")
        command.run(
            Command(["tar", "--extract", *options, f"--file={archive}", f"--directory={aside}"]),
            seconds=SECONDS,
        )
        return _placed(aside, folder)
    finally:
        archive.unlink(missing_ok=True)
        delete_tree(aside)


def _run(line: Command, archive: Path) -> None:
    said = archive.with_suffix(".said")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    output, errors = os.open(archive, flags, 0o600), os.open(said, flags, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        child = command.start(line, stdin=nothing, stdout=output, stderr=errors)
        status = command.wait(child, lambda: False, lambda: None)
        text = said.read_bytes()[-MOST_SAID:].decode(errors="replace").strip()
    finally:
        for descriptor in (output, errors, nothing):
            os.close(descriptor)
        said.unlink(missing_ok=True)
    if status != 0:
        raise UnavailableError(
            f"uv could not fetch that Python{deciding(text) or f': status {status}'}",
            hint="uv needs the network, or a mirror in /etc/uv/uv.toml: python-install-mirror",
        )


def deciding(said: str) -> str:
    """What of uv's chain of causes decides: the last one, and from where it would have come.

    Each line after `error: …` begins with `cause: …`; together they would fill a screen.
    """
    lines = [line.strip() for line in said.rpartition("error: ")[2].splitlines() if line.strip()]
    if not lines:
        return ""
    host = HOST.search(said)
    from_where = f" from {host[1]}" if host else ""
    return f"{from_where}: {CAUSE.sub('', lines[-1], count=1)[:LONGEST_CAUSE]}"


def _placed(aside: Path, folder: Path) -> Path:
    names = [path.name for path in aside.iterdir() if FETCHED.fullmatch(path.name)]
    if len(names) != 1:
        raise UnavailableError("uv fetched no Python", hint="pushdeploy python:list")
    made, target = aside / names[0], folder / names[0]
    (made / COMPLETE).write_text("")
    sync_filesystem(folder)
    if not (target / COMPLETE).exists():
        delete_tree(target)
        made.rename(target)
        sync_filesystem(folder)
    return target
