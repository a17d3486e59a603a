"""The server's own ssh key, for logging in where its backups go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from pushdeploy.errors import RefusedInputError
from pushdeploy.system.files import File, write

if TYPE_CHECKING:
    from pathlib import Path


def ensure(path: Path) -> None:
    """Make one, unless it is there."""
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
        write(File(path, text, 0o600))


def public(path: Path) -> str:
    """The line for `authorized_keys` there; empty when there is no key.

    Raises:
        RefusedInputError: the file is no key.
    """
    try:
        key = load_ssh_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        return ""
    except (ValueError, TypeError) as error:
        raise RefusedInputError(f"`{path}` is not a private key", hint=f"sudo rm {path}") from error
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return f"{line} pushdeploy-backup"
