"""Which config vars a build is told: where packages come from, with which credentials.

All others stay with the app. What is told never makes a tool run a program, obey another file, or
write elsewhere: no code of a repo may run where downloads are kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pushdeploy.model.conda_file import ALIAS, CHANNELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UV = frozenset(
    {
        *("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
        *("UV_INDEX_STRATEGY", "UV_PRERELEASE", "UV_EXCLUDE_NEWER", "UV_INSECURE_HOST"),
        *("UV_HTTP_TIMEOUT", "UV_NO_BINARY_PACKAGE", "UV_NO_BUILD_PACKAGE"),
    }
)
"""Read by uv (docs.astral.sh/uv/reference/environment)."""

CONDA = frozenset({CHANNELS, ALIAS})
"""Read here as conda reads them."""

PIP = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_TRUSTED_HOST": "UV_INSECURE_HOST",
    "PIP_TIMEOUT": "UV_HTTP_TIMEOUT",
}
"""Read by pip, and what uv calls the same."""

CREDENTIALS = re.compile(
    r"UV_INDEX_[A-Z0-9_]{1,100}_(?:USERNAME|PASSWORD)"
    r"|POETRY_HTTP_BASIC_[A-Z0-9_]{1,100}_(?:USERNAME|PASSWORD)"
)

NAMED = re.compile(r"\$\{([A-Z][A-Z0-9_]{0,100})\}")
"""A config var in a list of packages: `https://${TOKEN}@pypi.example.com/simple` (pip)."""

NEVER = re.compile(
    r"(?:LD_|PYTHON|UV_|PIP_|GIT_|SSH_|XDG_|PUSHDEPLOY_|POETRY_|PDM_|PIPENV_|SSL_|RUST|CARGO|CC|CXX"
    r"|LIBRARY_).*|PATH|HOME|SHELL|ENV|BASH_ENV|IFS|TMPDIR|LANG|LC_ALL|NETRC|DISPLAY|EDITOR|PAGER"
)
"""What no list of packages may have set by naming it: what a program obeys."""

SHORTEST_SECRET = 4
"""Characters: masking shorter ones would garble what is printed."""

_USERINFO = re.compile(r"[a-z][a-z0-9+.-]{0,20}://([^/@\s]{1,500})@", re.IGNORECASE)
_TOKEN = re.compile(r"/t/([^/\s,]{1,500})/")
"""In the address of a channel of conda."""
MASK = "****"


def index_settings(config: Mapping[str, str], texts: Iterable[str]) -> dict[str, str]:
    """What a build is told of the app's config vars.

    Args:
        config: all config vars.
        texts: what the repo says of its packages; config vars that it names are told too.
    """
    found = {name: value for name, value in config.items() if _is_told(name)}
    for name, same in PIP.items():
        if name in config and not {same, "UV_INDEX_URL"} & config.keys():
            found[same] = config[name]
    named = {name for text in texts for name in NAMED.findall(text)}
    for name in named & config.keys():
        if not NEVER.fullmatch(name):
            found[name] = config[name]
    return dict(sorted(found.items()))


def _is_told(name: str) -> bool:
    return name in UV | CONDA or CREDENTIALS.fullmatch(name) is not None


def defining(told: Mapping[str, str]) -> list[str]:
    """What of it decides which packages are installed, without any secret: part of a venv's key."""
    return [f"{name}={without_userinfo(told[name])}" for name in sorted(told) if name in UV | CONDA]


def without_userinfo(text: str) -> str:
    """The text with addresses that name neither users nor passwords."""
    return _USERINFO.sub(lambda found: found[0].replace(f"{found[1]}@", ""), text)


def secrets(told: Mapping[str, str]) -> tuple[str, ...]:
    """What must not be printed, the longest first."""
    found: set[str] = set()
    for name, value in told.items():
        for userinfo in _USERINFO.findall(value):
            user, _, password = userinfo.partition(":")
            found |= {userinfo, password or user, unquote(password or user)}
        found |= set(_TOKEN.findall(value)) if name in CONDA else set()
        if name not in UV | CONDA and not name.endswith("_USERNAME") and "://" not in value:
            found |= {value, unquote(value)}
    return tuple(sorted((one for one in found if len(one) >= SHORTEST_SECRET), key=len)[::-1])


def masked(line: str, hidden: Iterable[str]) -> str:
    """The line without what must not be printed."""
    for secret in hidden:
        line = line.replace(secret, MASK)
    return line
