"""Whether a lock is older than what it is made from, as its own tool would find out.

A guess is worse than silence here: what can't be read or compared counts as fresh. Poetry is not
among them: it refuses to export a lock that is too old, in its own words.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from pushdeploy.model.dependency_file import Source
from pushdeploy.model.pyproject import normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pushdeploy.model.pyproject import Pyproject

_ROOT = re.compile(r'^source = \{ (?:virtual|editable) = "\." \}$', re.MULTILINE)
_ENTRY = re.compile(r'\{ name = "(?P<name>[^"]+)"(?P<rest>[^\n]*)\}')
_SPECIFIER = re.compile(r'specifier = "([^"]*)"')
_ELSEWHERE = re.compile(r"\b(?:editable|virtual|directory|path|git|url|index) = ")
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\(?([<>=!~][^@)]*)?\)?")
"""Without its spaces and its marker."""
_OF_PIPFILE = frozenset(
    {"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv"}
    | {"default", "develop"}
)
"""Tables of a Pipfile that are no category of packages, or have another name in the hash."""

Wanted = frozenset[tuple[str, str | None]]
"""Names with their versions as `<4,>=3`; None where versions can't be compared."""


def is_stale(source: Source, lock: str, project: Pyproject, pipfile: str) -> bool:
    """True when the lock was made before what it is made from last changed."""
    try:
        if source is Source.UV:
            return _uv_is_stale(lock.replace("\r\n", "\n"), project)
        if source is Source.PDM:
            found = re.search(r'^content_hash = "sha256:([0-9a-f]{64})"$', lock, re.MULTILINE)
            return found is not None and found[1] != pdm_hash(project)
        if source is Source.PIPENV and pipfile:
            return str(json.loads(lock)["_meta"]["hash"]["sha256"]) != pipfile_hash(pipfile)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return False


def pdm_hash(project: Pyproject) -> str:
    """What pdm notes in its lock (pdm.project.project_file)."""
    pdm, own = project.tool("pdm"), project.tables.get("project", {})
    groups = {_normal(name): list(one) for name, one in _groups(project).items()}
    for name, one in pdm.get("dev-dependencies", {}).items():
        groups[_normal(name)] = [*groups.get(_normal(name), []), *one]
    content = {
        "sources": pdm.get("source", []),
        "dependencies": own.get("dependencies", []),
        "dev-dependencies": groups,
        "optional-dependencies": own.get("optional-dependencies", {}),
        "requires-python": own.get("requires-python", ""),
        "resolution": pdm.get("resolution", {}),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def pipfile_hash(pipfile: str) -> str:
    """What pipenv notes in its lock (plette.pipfiles).

    Raises:
        ValueError: it is not TOML.
        KeyError: it names no index.
    """
    from pushdeploy.model.toml import parse_toml  # noqa: PLC0415 - few repos have one

    tables = parse_toml(pipfile)
    content = {
        "_meta": {"sources": tables["source"], "requires": tables.get("requires", {})},
        "default": tables.get("packages", {}),
        "develop": tables.get("dev-packages", {}),
        **{name: table for name, table in tables.items() if name not in _OF_PIPFILE},
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _uv_is_stale(lock: str, project: Pyproject) -> bool:
    own = project.tables.get("project", {})
    if "dependencies" in own.get("dynamic", ()):
        return False
    root = _ROOT.search(lock)
    end = lock.find("\n[[package]]", root.end()) if root else -1
    if root is None or project.tool("uv").get("workspace"):
        return False
    locked = _locked(lock[root.end() : end if end >= 0 else len(lock)])
    extras = own.get("optional-dependencies", {}).values()
    asked = _asked([*own.get("dependencies", ()), *(one for extra in extras for one in extra)])
    elsewhere = {name for name, versions in locked if versions is None}
    return {one for one in locked if one[0] not in elsewhere} != {
        one for one in asked if one[0] not in elsewhere
    } or not elsewhere <= {name for name, _ in asked}


def _locked(package: str) -> Wanted:
    """What the lock's own package asked for when it was locked."""
    start = package.find("\nrequires-dist = [")
    block = package[start:].partition("]\n")[0] if start >= 0 else ""
    found: set[tuple[str, str | None]] = set()
    for entry in _ENTRY.finditer(block):
        specifier = _SPECIFIER.search(entry["rest"])
        compared = not _ELSEWHERE.search(entry["rest"])
        versions = _versions(specifier[1] if specifier else "") if compared else None
        found.add((_normal(entry["name"]), versions))
    return frozenset(found)


def _asked(requirements: Iterable[str]) -> Wanted:
    found: set[tuple[str, str | None]] = set()
    for one in requirements:
        matched = _REQUIREMENT.fullmatch("".join(one.partition(";")[0].split()))
        if matched:
            found.add((_normal(matched[1]), _versions(matched[2] or "")))
        else:
            found.update((name, "") for name in normalised([one]))
    return frozenset(found)


def _versions(text: str) -> str:
    parts = (re.sub(r"\s+", "", part) for part in text.split(","))
    return ",".join(sorted(part for part in parts if part))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _groups(project: Pyproject) -> Mapping[str, Any]:
    found = project.tables.get("dependency-groups", {})
    return found if isinstance(found, dict) else {}
