"""Heroku's and Dokku's Aptfile: system packages that an app needs.

Source: https://github.com/heroku/heroku-buildpack-apt
"""

from __future__ import annotations

import re

APTFILE = "Aptfile"

MOST_PACKAGES = 100

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]{0,98}[a-z0-9+.]")
"""As Debian names them (policy, 5.6.7), and nothing that apt-get takes for more: a name with `-`
at its end would be removed."""


def parse_aptfile(text: str) -> tuple[str, ...]:
    """The packages that are named, without versions; what else it says has no meaning here.

    Lines that begin with `#` or `:`, and addresses of files, name no package of the distribution.
    """
    names = (line.partition("=")[0].strip() for line in text.splitlines())
    found = dict.fromkeys(name for name in names if _PACKAGE.fullmatch(name))
    return tuple(found)[:MOST_PACKAGES]


def advice(missing: tuple[str, ...]) -> tuple[str, str]:
    """What is said of packages that a server lacks, and what is typed there."""
    names = " ".join(missing)
    return f"`{APTFILE}` names what this server lacks: {names}", f"sudo apt-get install {names}"
