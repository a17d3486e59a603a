"""Who may push: `authorized_keys` of the user `deploy`, one line a key, kept by us alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pushdeploy.errors import NotFoundError, RefusedInputError, UsageError
from pushdeploy.model.key import PUBLIC_FILE, Key, parse_key_line, parse_public_key, render_key_line
from pushdeploy.model.layout import keys_lock
from pushdeploy.model.text import escaped
from pushdeploy.system import command, files, locks
from pushdeploy.system.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_SECONDS = 10.0
"""A change takes milliseconds."""


LONGEST_KEY_FILE = 65536
"""Bytes; a public key has a few hundred."""


def read_key_file(file: Path) -> str:
    """The text of a file that is one public key.

    Raises:
        NotFoundError: it can't be read.
        RefusedInputError: it is not.
    """
    name, hint = f"`{escaped(str(file))}`", f"name a public key, such as {PUBLIC_FILE}"
    try:
        with file.open("rb") as stream:
            text = stream.read(LONGEST_KEY_FILE).decode()
    except OSError as error:
        raise NotFoundError(f"{name} can't be read: {error.strerror}", hint=hint) from error
    except UnicodeDecodeError as error:
        raise RefusedInputError(f"{name} can't be the key: it is not text", hint=hint) from error
    try:
        parse_public_key(text, "any")
    except RefusedInputError as error:
        raise RefusedInputError(
            f"{name} can't be the key: {error.message}", hint=error.hint
        ) from error
    return text


def add(path: Path, text: str, name: str | None = None) -> Key:
    """Let a key push.

    Args:
        path: the `authorized_keys` file.
        text: the public key, as in a `.pub` file.
        name: whose it is; `None` takes the key's comment.

    Raises:
        RefusedInputError: it is not one plain public key.
        UsageError: the name is none, or the key or its name is there already.
    """
    key = parse_public_key(text, name)
    _check(key)
    with _held(path):
        for other in listing(path):
            _compare(key, other)
        _write(path, [*_lines(path), render_key_line(key)])
    return key


def add_all(path: Path, text: str) -> list[str]:
    """Let the keys of another server's file push here too; returns the names of those added.

    A key that may push already stays as it is, and so does one of the same name.
    """
    with _held(path):
        new = _new(path, text)
        if new:
            _write(path, [*_lines(path), *map(render_key_line, new)])
    return [key.name for key in new]


def not_here(path: Path, text: str) -> list[str]:
    """The names of those that `add_all` would add."""
    return [key.name for key in _new(path, text)]


def _new(path: Path, text: str) -> list[Key]:
    here = listing(path)
    known = {one.body for one in here} | {one.name for one in here}
    came = [key for key in map(parse_key_line, text.split("\n")) if key is not None]
    return [key for key in came if not known & {key.body, key.name}]


def listing(path: Path) -> list[Key]:
    """The keys that may push, oldest first."""
    return [key for key in map(parse_key_line, _lines(path)) if key is not None]


def same_key(path: Path, text: str) -> Key | None:
    """The key of this public half, when it may push already, under whatever name."""
    wanted = parse_public_key(text, "any").body
    return next((key for key in listing(path) if key.body == wanted), None)


def remove(path: Path, name: str) -> None:
    """Let the key of this name push no longer; a connection that is open goes on.

    Raises:
        NotFoundError: there is none.
    """
    with _held(path):
        lines = _lines(path)
        kept = [line for line in lines if not _has_name(line, name)]
        if len(kept) == len(lines):
            raise NotFoundError(f"there is no key `{name}`", hint="pushdeploy keys")
        _write(path, kept)


def _check(key: Key) -> None:
    """Have ssh-keygen read the key: it knows what sshd can use."""
    shown = command.attempt(
        Command(["ssh-keygen", "-l", "-f", "-"], stdin=f"{key.kind} {key.body}\n")
    )
    if shown.status != 0 or key.fingerprint not in shown.stdout.split():
        raise RefusedInputError("ssh-keygen can't read the key", hint="ssh-keygen -l -f FILE")


def _compare(key: Key, other: Key) -> None:
    if key.body == other.body:
        raise UsageError(f"this key may push already, as `{other.name}`", hint="pushdeploy keys")
    if key.name == other.name:
        raise UsageError(
            f"there is another key with the name `{key.name}`",
            hint=f"give this one another name, or: pushdeploy keys:remove {key.name}",
        )


def _has_name(line: str, name: str) -> bool:
    key = parse_key_line(line)
    return key is not None and key.name == name


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text().split("\n") if line]
    except FileNotFoundError:
        return []


def _write(path: Path, lines: list[str]) -> bool:
    """For the group that its folder belongs to: sshd reads it as the user who logs in."""
    content = "".join(f"{line}\n" for line in lines)
    return files.write(files.File(path, content, 0o640, path.parent.stat().st_gid))


@contextmanager
def _held(path: Path) -> Iterator[None]:
    lock = keys_lock(path)
    with locks.held(lock, who="pushdeploy", what="changing keys", seconds=WAIT_SECONDS):
        yield
