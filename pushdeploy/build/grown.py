"""What is left of a seed when uv has ended is moved into the new venv. Runs as the build user.

Packages that uv took away, or has another version of, leave their files behind; each lists its own
in `RECORD` (packaging.python.org, "recording installed projects"). Files are root's, their folders
are the build user's: they can be deleted and replaced, never changed.
"""

from __future__ import annotations

import csv
import hashlib
import os
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError

if TYPE_CHECKING:
    from collections.abc import Iterator

ASIDE = ".seed"
OURS = (
    *("pushdeploy_socket.py", "pushdeploy_start.py"),
    *("pushdeploy_socket.pth", "pushdeploy_socket.start"),
)
"""Files of ours in a venv that are written again."""

MOST = 1 << 20
"""Bytes of a script that may name its venv."""

Listed = dict[str, str]
"""Path below the venv to its content as `RECORD` has it: `sha256=...`, or nothing."""


class UnusableError(PushdeployError):
    """It can't be told what a fresh venv would have, or the seed has lost something."""


def drop(seed: str, venv: str, gone: set[str], kept: set[str]) -> None:
    """Delete what lies aside of packages that are gone.

    Args:
        seed: the venv that it is from.
        venv: the new one.
        gone: paths of `.dist-info` folders.
        kept: the same.

    Raises:
        UnusableError: one that is gone and one that stays have a file of one name.
    """
    if not gone:
        return
    stay: Listed = {}
    for package in kept:
        stay.update(listed(seed, package))
    for package in gone:
        for path in listed(seed, package):
            aside = f"{venv}/{ASIDE}/{path}"
            if path not in stay:
                _delete(aside)
            elif os.path.exists(aside) and not _is(aside, stay[path]):
                raise UnusableError(path)
    _delete_empty(f"{venv}/{ASIDE}")


def meddles(venv: str, added: set[str]) -> bool:
    """Whether a new package has put something among what lies aside, where nobody would miss it."""
    for package in added:
        with open(f"{venv}/{package}/RECORD", encoding="utf-8") as record:
            if f"{ASIDE}/" in record.read():
                return True
    return False


def listed(venv: str, package: str) -> Listed:
    """The files of a package; none that lies outside of the venv."""
    return {path: content for path, content, _ in _rows(venv, package)}


def _rows(venv: str, package: str) -> Iterator[tuple[str, str, str]]:
    """Path, content and bytes of each file in `RECORD`, which may leave the latter two out."""
    packages = os.path.dirname(package)
    with open(f"{venv}/{package}/RECORD", newline="", encoding="utf-8") as record:
        for row in csv.reader(record):
            path = os.path.normpath(f"{packages}/{row[0]}") if row else "."
            if path[0] not in "./":
                yield path, "".join(row[1:2]), "".join(row[2:3])


def move_in(seed: str, venv: str, kept: set[str]) -> None:
    """Move what lies aside to its place, with the venv's own path in its scripts.

    Raises:
        UnusableError: a file of a package is missing, or is not as long as it should be.
    """
    changed = _name_venv(seed, venv)
    for package in kept:
        packages = os.path.dirname(package)
        for name in OURS:
            _delete(f"{venv}/{ASIDE}/{packages}/{name}")
    _move(f"{venv}/{ASIDE}", venv)
    for package in kept:
        if changed:
            _note(venv, package, changed)
        for path, _, size in _rows(venv, package):
            if not _has(f"{venv}/{path}", size):
                raise UnusableError(path)


def _has(path: str, size: str) -> bool:
    try:
        found = os.stat(path, follow_symlinks=False)
    except OSError:
        return False
    return size in ("", str(found.st_size))


def _name_venv(seed: str, venv: str) -> Listed:
    """Scripts begin with the path of their Python; returns those that were written again."""
    changed: Listed = {}
    scripts = f"{venv}/{ASIDE}/bin"
    for entry in list(os.scandir(scripts)):
        if not entry.is_file(follow_symlinks=False) or entry.stat().st_size > MOST:
            continue
        with open(entry.path, "rb") as script:
            text = script.read()
        if seed.encode() in text:
            own = text.replace(seed.encode(), venv.encode())
            _replace(entry.path, own)
            changed[f"bin/{entry.name}"] = f"{_digest(own)},{len(own)}"
    return changed


def _note(venv: str, package: str, changed: Listed) -> None:
    """Say in a package's `RECORD` what its scripts are now."""
    path = f"{venv}/{package}/RECORD"
    with open(path, encoding="utf-8", newline="") as record:
        lines = record.read().splitlines(keepends=True)
    for number, line in enumerate(lines):
        name = line.split(",")[0]
        script = os.path.normpath(f"{os.path.dirname(package)}/{name}")
        if script in changed and name.startswith(".."):
            end = line[len(line.rstrip("\r\n")) :]
            lines[number] = f"{name},{changed[script]}{end}"
    text = "".join(lines).encode()
    with open(path, "rb") as record:
        same = record.read() == text
    if not same:
        _replace(path, text)


def _replace(path: str, content: bytes) -> None:
    """Put another file in its place: this one has names elsewhere."""
    mode = os.stat(path).st_mode & 0o777
    os.unlink(path)
    with open(path, "xb") as made:
        made.write(content)
    os.chmod(path, mode)


def _move(source: str, target: str) -> None:
    """Move all that is in a folder; what is there already stays."""
    for entry in list(os.scandir(source)):
        place = f"{target}/{entry.name}"
        if not os.path.lexists(place):
            os.rename(entry.path, place)
        elif entry.is_dir(follow_symlinks=False):
            _move(entry.path, place)
        else:
            os.unlink(entry.path)
    os.rmdir(source)


def _delete(path: str) -> None:
    """Delete a file, and its bytecode."""
    if os.path.lexists(path):
        os.unlink(path)
    folder, name = os.path.split(path)
    compiled = f"{folder}/__pycache__"
    if name.endswith(".py") and os.path.isdir(compiled):
        for found in os.listdir(compiled):
            if found.startswith(f"{name[:-3]}.") and found.endswith(".pyc"):
                os.unlink(f"{compiled}/{found}")


def _delete_empty(folder: str) -> None:
    for below, _, _ in os.walk(folder, topdown=False):
        if below != folder and not os.listdir(below):
            os.rmdir(below)


def _is(path: str, content: str) -> bool:
    with open(path, "rb") as found:
        return _digest(found.read()) == content


def _digest(content: bytes) -> str:
    """As `RECORD` has it: `sha256=...`."""
    digest = urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"sha256={digest}"
