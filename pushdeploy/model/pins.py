"""Pins: what lists of packages say of each one, so that two lists can be compared.

A package of which two lists say the same is the same files. Read where every millisecond counts:
only what this needs is imported.

Sources: https://pip.pypa.io/en/stable/reference/requirements-file-format/ and
https://packaging.python.org/en/latest/specifications/pylock-toml/
"""

from __future__ import annotations

import re

REQUIREMENTS = "pushdeploy.requirements.txt"
"""In a venv that was made from a lock: what the lock had, a line each package."""

PYLOCK = "pylock.pushdeploy.toml"
"""The same with the index that each package comes from, which requirements can't say."""

INCLUDES = ("-r", "--requirement", "-c", "--constraint")
"""Options that name files, whose texts are looked at themselves."""

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_HASH = re.compile(r"\s--hash[=\s]\s*(\S+)")
_ADDRESS = re.compile(r"://|\s@\s|^\S+@")
"""Of a package that comes from an address, where another one may lie by now."""

_NAME = re.compile(
    r"([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])(?=\s*(?:$|[\[<>=!~;@,(])|\s+--)"
)
_ARCHIVE = re.compile(r"\.(?:whl|zip|tar|tgz|gz|bz2|xz)$", re.IGNORECASE)
_PLACES = ("vcs", "directory", "archive")
"""How a pylock.toml says that a package comes from an address or a folder."""

Said = dict[str, set[str]]
"""Name of a package, normalised, to all that is said of it, with its hashes."""


def differing(
    before: dict[str, str], after: dict[str, str], *, addresses: bool = True
) -> frozenset[str] | None:
    """Packages that can't be taken from what the first lists have made, for the second.

    Args:
        before: file name to text; `pylock.toml` has a form of its own.
        after: the same.
        addresses: whether packages may come from one; they are always among those that differ.

    Returns:
        Names, normalised; `None` when nothing can be taken.
    """
    try:
        options, packages, _ = _read(before)
        others, wanted, elsewhere = _read(after)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if options != others or (elsewhere and not addresses):
        return None
    named = packages.keys() | wanted.keys()
    return frozenset({one for one in named if packages.get(one) != wanted.get(one)} | elsewhere)


def normalised(name: str) -> str:
    """`flask-login` for `Flask_Login` (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of_record(folder: str) -> str:
    """The package's name, normalised, from a folder such as `Flask_Login-0.6.3.dist-info`."""
    return normalised(folder.rpartition("/")[2].partition("-")[0])


def _read(texts: dict[str, str]) -> tuple[list[str], Said, set[str]]:
    """The options in order, what is said of each package, and which come from an address."""
    options: list[str] = []
    packages: Said = {}
    elsewhere: set[str] = set()
    for path, text in texts.items():
        if path == PYLOCK:
            _read_pylock(text, options, packages, elsewhere)
        else:
            _read_requirements(text, options, packages, elsewhere)
    return options, packages, elsewhere


def _read_requirements(text: str, options: list[str], packages: Said, elsewhere: set[str]) -> None:
    joined = text.replace("\\\r\n", " ").replace("\\\n", " ")
    for raw in joined.splitlines():
        line = _COMMENT.sub("", raw, count=1).strip()
        if line.startswith("-"):
            if not line.startswith(INCLUDES):
                options.append(line)
        elif line:
            name = _name(line)
            hashes = sorted(set(_HASH.findall(line)))
            said = " ".join([*_HASH.sub("", line).split(), *hashes])
            packages.setdefault(name, set()).add(said)
            if _ADDRESS.search(line):
                elsewhere.add(name)


def _name(line: str) -> str:
    """Its package.

    Raises:
        ValueError: it does not say, as an address alone does not.
    """
    found = _NAME.match(line)
    if found is None or _ARCHIVE.search(found[1]):
        raise ValueError(line)
    return normalised(found[1])


def _read_pylock(text: str, options: list[str], packages: Said, elsewhere: set[str]) -> None:
    import json  # noqa: PLC0415 - few lists have this form
    import tomllib  # noqa: PLC0415 - the same

    def rendered(value: object) -> str:
        return json.dumps(value, sort_keys=True, default=str)

    found = tomllib.loads(text)
    for package in found.pop("packages", []):
        name = normalised(str(package["name"]))
        packages.setdefault(name, set()).add(rendered(package))
        if any(place in package for place in _PLACES):
            elsewhere.add(name)
    found.pop("tool", None)
    options.append(rendered(found))
