"""A public ssh key that may push, and the line for it in sshd's `authorized_keys` (sshd(8))."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.text import CONTROL, quoted

KINDS = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
"""The kinds of key that sshd of Debian 12 and later accepts."""

FORCED_COMMAND = "/opt/pushdeploy/current/bin/shell"
"""What sshd runs for a key, whatever was asked for; its argument is the key's name."""

LONGEST_NAME = 64
"""Characters: a mail address fits."""

PUBLIC_FILE = "~/.ssh/id_ed25519.pub"
"""Where most people's public key is."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_LINE = re.compile(
    rf'command="{re.escape(FORCED_COMMAND)} (?P<name>{_NAME.pattern})",restrict,pty '
    r"(?P<kind>\S+) (?P<body>\S+) \S+"
)


@dataclass(frozen=True, slots=True)
class Key:
    """Whose key it is, and the key."""

    name: str
    kind: str
    body: str
    """Base64."""

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as `ssh-keygen -l` and sshd's log have it."""
        digest = hashlib.sha256(base64.b64decode(self.body)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def parse_key_name(text: str) -> str:
    """The text itself, when it can be a key's name: `[a-z0-9][a-z0-9._@-]{0,63}`.

    Raises:
        UsageError: it can't.
    """
    if _NAME.fullmatch(text):
        return text
    raise UsageError(
        f"{quoted(text)} can't be the name of a key: it may contain a-z, 0-9, `.`, `_`, `@` and "
        f"`-`, begins with a letter or a digit, and has at most {LONGEST_NAME} characters",
        hint=f"use a name such as `{suggested_name(text) or 'laptop'}`",
    )


def suggested_name(text: str) -> str:
    """The name that is nearest to a key's comment or file name; empty when there is none."""
    plain = re.sub(r"[^a-z0-9._@-]+", "-", text.lower()).lstrip("._@-")
    return plain[:LONGEST_NAME].rstrip("._@-")


def parse_public_key(text: str, name: str | None = None) -> Key:
    """One public key as `ssh-keygen` writes it into a `.pub` file.

    Args:
        text: `ssh-ed25519 AAAA… comment`; one line.
        name: what to call it; `None` takes the comment.

    Raises:
        RefusedInputError: it is a private key, more than one, has options, or is not a key at all.
        UsageError: the name is none, or there is none.
    """
    kind, body, comment = _words(_only_line(text))
    chosen = suggested_name(comment) if name is None else name
    if not chosen:
        raise UsageError("the key has no comment to be named after", hint="give it a name")
    return Key(parse_key_name(chosen), kind, _checked_body(kind, body))


def render_key_line(key: Key) -> str:
    """The key's line in `authorized_keys`: it may run our shell and nothing else."""
    return f'command="{FORCED_COMMAND} {key.name}",restrict,pty {key.kind} {key.body} {key.name}'


def parse_key_line(line: str) -> Key | None:
    """The inverse; `None` when the line is not ours."""
    match = _LINE.fullmatch(line)
    return None if match is None else Key(match["name"], match["kind"], match["body"])


def _only_line(text: str) -> str:
    if "PRIVATE KEY" in text or text.startswith("PuTTY-User-Key-File"):
        raise RefusedInputError(
            "this is a private key: it stays with its owner, and nobody else should see it",
            hint=f"give the public half, the file that ends in `.pub`, such as {PUBLIC_FILE}",
        )
    if "BEGIN SSH2 PUBLIC KEY" in text:
        raise RefusedInputError(
            "this key is in the format of RFC 4716", hint="ssh-keygen -i -f FILE > key.pub"
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise RefusedInputError("there is no key in it", hint=f"cat {PUBLIC_FILE}")
    if len(lines) > 1:
        raise RefusedInputError(
            f"there are {len(lines)} lines where one key should be", hint="add one key at a time"
        )
    return lines[0]


def _words(line: str) -> tuple[str, str, str]:
    if CONTROL.search(line):
        raise RefusedInputError("the key contains control characters", hint=f"cat {PUBLIC_FILE}")
    kind, _, rest = line.partition(" ")
    body, _, comment = rest.strip().partition(" ")
    if kind in KINDS:
        return kind, body, comment.strip()
    if any(f" {known} " in line for known in KINDS):
        raise RefusedInputError(
            "there are options before the key, but pushdeploy sets its own",
            hint=f"give the line from {PUBLIC_FILE}: it begins with `ssh-`, `ecdsa-` or `sk-`",
        )
    raise RefusedInputError(
        f"{quoted(line)} is not a public key that sshd accepts", hint="ssh-keygen -t ed25519"
    )


def _checked_body(kind: str, body: str) -> str:
    """The base64 text, when the key in it says itself that it is of this kind (RFC 4253, 6.6)."""
    try:
        raw = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if raw[4 : 4 + len(kind)] != kind.encode() or int.from_bytes(raw[:4]) != len(kind):
        raise RefusedInputError(
            f"the key is damaged: the part after `{kind}` is not such a key",
            hint=f"copy all of {PUBLIC_FILE}, it is one long line",
        )
    return body
