"""uv makes venvs (docs.astral.sh/uv): commands as values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.system.command import CLEAN_PATH

if TYPE_CHECKING:
    from collections.abc import Sequence

SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Debian's ca-certificates."""


def settings(cache: Path) -> tuple[tuple[str, str], ...]:
    """What uv is told by environment variables, beside how to reach the network.

    Copies, since hard links would join caches, venvs and apps. It trusts whom the machine
    trusts, as pip, git and curl do there.
    """
    return (
        *((("UV_SYSTEM_CERTS", "1"),) if SYSTEM_CERTIFICATES.exists() else ()),
        ("PATH", CLEAN_PATH),
        ("LANG", "C.UTF-8"),
        ("UV_CACHE_DIR", str(cache / "uv")),
        ("UV_LINK_MODE", "copy"),
        ("UV_PYTHON_DOWNLOADS", "never"),
        ("UV_NO_PROGRESS", "1"),
    )


def make_venv(uv: Path, python: Path, venv: Path) -> list[str]:
    """The command for an empty venv in an existing empty folder."""
    return [str(uv), "venv", "--quiet", "--allow-existing", f"--python={python}", str(venv)]


def install(uv: Path, venv: Path, requirements: Sequence[str], extra: Sequence[str]) -> list[str]:
    """The command that installs requirements files and extra packages, compiled to bytecode."""
    return [
        *(str(uv), "pip", "install", "--compile-bytecode", f"--python={venv / 'bin' / 'python'}"),
        *(f"--requirement={path}" for path in requirements),
        *extra,
    ]
