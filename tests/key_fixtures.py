"""Real keys, made by ssh-keygen."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

MakeKey = Callable[..., Path]


@pytest.fixture
def make_key(tmp_path: Path) -> MakeKey:
    """Makes a key and returns the file of its private half; the public one ends in `.pub`."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("needs ssh-keygen (Debian's openssh-client)")

    def make(name: str = "id", *, kind: str = "ed25519", comment: str = "ada@laptop") -> Path:
        file = tmp_path / name
        options = ["-q", "-t", kind, "-N", "", "-C", comment, "-f", str(file)]
        subprocess.run(["ssh-keygen", *options], check=True)
        return file

    return make
