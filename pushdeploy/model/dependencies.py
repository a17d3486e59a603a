"""What defines the packages of a tree: the file that counts, and all that it refers to."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.dependency_file import (
    LOCKS,
    PIPFILE,
    PYLOCK_GROUPS,
    PYLOCK_NAMES,
    PYPROJECT,
    REQUIREMENTS,
    TOOL_SETTINGS,
    UV_TABLE,
    DependencyFile,
    Source,
    find_dependency_file,
)
from pushdeploy.model.lock_age import is_stale
from pushdeploy.model.pyproject import Pyproject, normalised, parse_pyproject
from pushdeploy.model.requirements import ReferenceKind, names, references, refuse_many

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    Read = Callable[[str], str | None]
    """The text of a file of the tree; None when there is none of that path."""

LONGEST_HEAD = 64 * 1024
"""Characters of a pylock.toml before its packages."""

_LOCKED = re.compile(r'^\[\[packages?\]\]\nname = "([A-Za-z0-9._-]{1,200})"$', re.MULTILINE)
_OF_THE_TREE = re.compile(r'\b(?:editable|directory|path) = [{"]|\btype = "directory"|"path":')
"""A word of a lock that installs something that lies in the repo."""
_FIRST_TABLE = re.compile(r"^\[", re.MULTILINE)
_QUOTED = re.compile(r"""["']([A-Za-z0-9][A-Za-z0-9._-]{0,100})[^"'\n]{0,200}["']""")


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a tree says about the packages that it needs."""

    source: Source = Source.REQUIREMENTS
    passed_over: tuple[str, ...] = ()
    """Other lists that are there, and do not count."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Path to content of all that defines what is installed; of a lock, to its digest."""
    local: bool = False
    """Something is built from the tree itself."""
    project: bool = False
    """The project in the root is installed beside what the lock lists."""
    stale: bool = False
    """It is a lock, and what it is made from has changed since."""
    packages: frozenset[str] = frozenset()
    """Names of the packages that are listed, normalised: `flask-login`."""


def find_dependencies(paths: Collection[str], read: Read) -> Dependencies:
    """What the tree of these paths needs.

    Raises:
        RefusedInputError: a file can't be read, is not there, or there is one that can't be used.
    """
    found = find_dependency_file(paths, lambda path: read(path) or "")
    return gather(found, read)


def gather(found: DependencyFile, read: Read) -> Dependencies:
    """All that defines the packages, from the file that counts.

    Raises:
        RefusedInputError: a file can't be read, or is not there.
    """
    source = found.source
    if source is Source.NOTHING:
        return Dependencies(source)
    if source is Source.REQUIREMENTS:
        return _by_requirements(found, read)
    if source is Source.CONDA:
        return _by_conda(found, read)
    project = parse_pyproject(read(PYPROJECT) or "")
    own = read(source) or ""
    packaged = _is_packaged(source, project, read)
    texts = {source.value: digest(own), PYPROJECT: project.defining(), **_settings(read)}
    if source is Source.PYLOCK:
        texts[PYLOCK_GROUPS] = _groups_of_pylock(own)
    pipfile = (read(PIPFILE) or "") if source is Source.PIPENV else ""
    texts[PIPFILE] = pipfile
    return Dependencies(
        source=source,
        passed_over=found.passed_over,
        texts={path: text for path, text in texts.items() if text},
        local=packaged or (source in LOCKS and bool(_OF_THE_TREE.search(own))),
        project=packaged,
        stale=is_stale(source, own, project, pipfile),
        packages=_packages(source, own, project),
    )


def _by_requirements(found: DependencyFile, read: Read) -> Dependencies:
    listed, local = _requirements(read)
    pyproject = read(PYPROJECT) or ""
    uv = parse_pyproject(pyproject).tool("uv") if "tool.uv" in pyproject else {}
    settings = {UV_TABLE: json.dumps(uv, sort_keys=True, default=str)} if uv else {}
    return Dependencies(
        source=found.source,
        passed_over=found.passed_over,
        texts={**listed, **settings, **_settings(read)},
        local=local,
        packages=frozenset().union(*map(names, listed.values())),
    )


def _by_conda(found: DependencyFile, read: Read) -> Dependencies:
    """environment.yml, and the requirements files that it names below `pip:`."""
    from pushdeploy.model.conda_file import (  # noqa: PLC0415 - few trees have one
        name_of,
        parse_conda_file,
        render_conda,
    )

    file = parse_conda_file(read(Source.CONDA) or "")
    below, local = _requirements(read, "\n".join(file.pip)) if file.pip else ({}, False)
    named = normalised(map(name_of, file.packages))
    return Dependencies(
        source=found.source,
        passed_over=found.passed_over,
        texts={**below, **_settings(read), Source.CONDA.value: render_conda(file)},
        local=local,
        packages=named.union(*map(names, ["\n".join(file.pip), *below.values()])),
    )


def _groups_of_pylock(text: str) -> str:
    """The names that are installed when somebody asks for them; empty when there are none.

    They stand before the first table (PEP 751).
    """
    from pushdeploy.model.toml import parse_toml  # noqa: PLC0415 - few trees have one

    head = _FIRST_TABLE.split(text.replace("\r\n", "\n"), maxsplit=1)[0]
    try:
        found = parse_toml(head) if len(head) <= LONGEST_HEAD else {}
    except ValueError:
        return ""  # uv says what is wrong with it
    named = {key: found[key] for key in PYLOCK_NAMES if isinstance(found.get(key), list)}
    return json.dumps(named) if any(named.values()) else ""


def _settings(read: Read) -> dict[str, str]:
    found = {name: read(name) for name in TOOL_SETTINGS}
    return {name: text for name, text in found.items() if text}


def _is_packaged(source: Source, project: Pyproject, read: Read) -> bool:
    """Whether the tool that made the list would install the project itself; uv's lock says so."""
    if source in {Source.SETUPTOOLS, Source.SETUPTOOLS_CFG}:
        return True
    if source is Source.PYPROJECT:
        return project.is_package and project.tool("uv").get("package") is not False
    if source is Source.POETRY:
        is_package = project.tool("poetry").get("package-mode") is not False
        return is_package and _is_there(project, read)
    if source is Source.PDM:
        wanted = project.tool("pdm").get("distribution")
        return wanted is True or (wanted is None and project.is_package)
    return False


def _is_there(project: Pyproject, read: Read) -> bool:
    """Whether Poetry finds a package; many a web app has a name alone, and Poetry 1 only warned."""
    if project.tool("poetry").get("packages"):
        return True
    module = re.sub(r"[-.]", "_", project.name)
    places = (f"{folder}{module}" for folder in ("", "src/"))
    return any(
        read(path) is not None
        for place in places
        for path in (f"{place}/__init__.py", f"{place}.py")
    )


def _packages(source: Source, text: str, project: Pyproject) -> frozenset[str]:
    if source is Source.PIPENV:
        return _of_pipfile_lock(text)
    if source in LOCKS:
        return normalised(_LOCKED.findall(text.replace("\r\n", "\n")))
    if source is Source.PYPROJECT:
        return project.packages
    return normalised([*_QUOTED.findall(text), *text.split()])


def _of_pipfile_lock(text: str) -> frozenset[str]:
    try:
        listed = json.loads(text)["default"]
        return normalised(str(name) for name in listed)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RefusedInputError(
            "`Pipfile.lock` is not what pipenv writes", hint="pipenv lock, commit, and push again"
        ) from error


def digest(text: str) -> str:
    """What stands for a text that is too long to be handed on; empty for an empty one."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def _requirements(read: Read, first: str | None = None) -> tuple[dict[str, str], bool]:
    """requirements.txt and everything that it includes; whether anything is built from the tree.

    With a `first` text, which is no file, what that one includes.
    """
    found: dict[str, str] = {}
    local = False
    waiting = [REQUIREMENTS]
    if first is not None:
        named = references(first)
        local = any(one.kind is ReferenceKind.LOCAL for one in named)
        waiting = [one.path for one in named if one.kind is not ReferenceKind.LOCAL]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        text = read(path)
        if text is None:
            raise RefusedInputError(
                f"`{path}` is included by the requirements but is not in the repo",
                hint=f"git add {path}",
            )
        found[path] = text
        refuse_many(found)
        for reference in references(text, folder=posixpath.dirname(path)):
            if reference.kind is ReferenceKind.LOCAL:
                local = True
            else:
                waiting.append(reference.path)
    return found, local
