"""Needs: what a tree asks for, packages and a Python. Runs as the git user."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pushdeploy.deploy.build_files import build_files
from pushdeploy.deploy.slug_reader import SlugReader
from pushdeploy.errors import RefusedInputError
from pushdeploy.model.asked_python import asked_python
from pushdeploy.model.dependencies import Dependencies, gather
from pushdeploy.model.dependency_file import PRE_COMPILE, Source, find_dependency_file
from pushdeploy.model.python_version import PYTHON_VERSION, RUNTIME_TXT
from pushdeploy.model.tree import Tree, parse_tree
from pushdeploy.system.git_tree import files

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.system.git import Repository


class Reader(Protocol):
    """Where the files of a tree are read."""

    def has(self, name: str) -> bool:
        """Whether its root has a file or folder of this name."""

    def text(self, path: str) -> str | None:
        """The content of a file, `None` when it is not there.

        Raises:
            RefusedInputError: it can't be read.
        """

    def paths(self) -> Iterable[str]:
        """All of them, or those of its root."""


@dataclass(frozen=True, slots=True)
class CommitReader:
    """A commit, or a folder of one: `COMMIT:FOLDER`."""

    repository: Repository
    place: str

    def has(self, name: str) -> bool:
        """As git has it."""
        return self.repository.has(self.place, name)

    def text(self, path: str) -> str | None:
        """As git has it."""
        return self.repository.text(self.place, path)

    def paths(self) -> Iterable[str]:
        """All of them."""
        return files(self.repository.git, self.place)


def look_again(request: dict[str, Any]) -> Tree:
    """What a slug that a build has written asks for.

    Request: `slugs` (a folder), `slug` (one in it), `tree` (what its commit asked for, rendered).

    Raises:
        RefusedInputError: it can't be deployed.
    """
    folder = Path(request["slugs"]) / request["slug"]
    build = build_files(folder)
    hooks = tuple(one for one in build.hooks if one != PRE_COMPILE)  # it has run
    tree = replace(parse_tree(request["tree"]), build=replace(build, hooks=hooks))
    return with_needs(SlugReader(folder), tree)


def with_needs(reader: Reader, tree: Tree) -> Tree:
    """The same tree with the packages and the Python that its files ask for.

    Raises:
        RefusedInputError: it can't be deployed.
    """

    def for_python(name: str) -> str | None:
        """A file that may ask for a Python; none when it is there for more and can't be read."""
        try:
            return reader.text(name)
        except RefusedInputError:
            if name in (PYTHON_VERSION, RUNTIME_TXT):
                raise
            return None

    try:
        needs = _dependencies(reader)
    except RefusedInputError:
        if PRE_COMPILE not in tree.build.hooks:  # which may write what is missing
            raise
        needs = Dependencies(Source.NOTHING)
    python = asked_python(for_python)
    return replace(
        tree,
        python_version=python.versions,
        python_file=python.file,
        requirements=needs.texts,
        local=needs.local,
        source=needs.source,
        passed_over=needs.passed_over,
        project=needs.project,
        stale=needs.stale,
        packages=tuple(sorted(needs.packages)),
    )


def _dependencies(reader: Reader) -> Dependencies:
    present = [one for one in Source if one and reader.has(one)]
    found = find_dependency_file(present, lambda path: reader.text(path) or "")
    if found.source is Source.NOTHING:  # what is there instead decides what is said
        find_dependency_file(reader.paths(), lambda path: reader.text(path) or "")
    return gather(found, reader.text)
