"""The key that signs cookies: from the environment, else made once and kept."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def key(folder: Path) -> str:
    """`$SECRET_KEY`, else what `folder/secret_key` holds; it is made when missing."""
    if given := os.environ.get("SECRET_KEY"):
        return given
    path = folder / "secret_key"
    if not path.exists():
        make(path)
    return path.read_text().strip()


def make(path: Path) -> None:
    """Write a new key, whole or not at all; of two processes that try at once, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        # Unlike a rename, a link never replaces the key that another process just made.
        path.hardlink_to(draft)
    draft.unlink()
