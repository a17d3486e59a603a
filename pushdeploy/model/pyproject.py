"""`pyproject.toml`, as far as it says which packages an app needs. Its tools read the rest.

Source: https://packaging.python.org/en/latest/specifications/pyproject-toml/
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.text import refuse_longer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LONGEST_PYPROJECT = 256 * 1024
"""Characters: other tools keep their own things there too."""

DEFINING = ("project", "dependency-groups", "build-system")
DEFINING_TOOLS = ("uv", "poetry", "pdm", "setuptools", "hatch", "flit")
"""The tables that decide what is installed; a changed line length of a linter is none of them."""

OLD_POETRY = "poetry.masonry.api"

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")


@dataclass(frozen=True, slots=True)
class Pyproject:
    """What of a pyproject.toml is of interest here; `Pyproject()` is what an empty one says."""

    tables: Mapping[str, Any]
    """Only the tables that decide what is installed."""

    @property
    def is_project(self) -> bool:
        """It describes a project, and does not only configure tools."""
        return "project" in self.tables or "dependencies" in self.tool("poetry")

    @property
    def is_package(self) -> bool:
        """The project itself is to be installed, as the tools decide it that know no other rule."""
        return "build-system" in self.tables

    @property
    def name(self) -> str:
        """The project's name; empty when it has none."""
        named = _table(self.tables.get("project")).get("name") or self.tool("poetry").get("name")
        return named if isinstance(named, str) else ""

    @property
    def is_of_old_poetry(self) -> bool:
        """It is built as before Poetry 1.1, which knows no package that is linked to."""
        return _table(self.tables.get("build-system")).get("build-backend") == OLD_POETRY

    @property
    def groups(self) -> frozenset[str]:
        """Names of groups of dependencies, by PEP 735 or as Poetry and PDM write them."""
        poetry = _table(self.tool("poetry").get("group"))
        pdm = _table(self.tool("pdm").get("dev-dependencies"))
        return frozenset([*_table(self.tables.get("dependency-groups")), *poetry, *pdm])

    @property
    def extras(self) -> frozenset[str]:
        """Names of the project's optional sets of dependencies."""
        project = _table(_table(self.tables.get("project")).get("optional-dependencies"))
        return frozenset([*project, *_table(self.tool("poetry").get("extras"))])

    @property
    def packages(self) -> frozenset[str]:
        """Names of the packages that the project itself asks for, normalised."""
        listed = _table(self.tables.get("project")).get("dependencies")
        asked = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
        return normalised([*asked, *_table(self.tool("poetry").get("dependencies"))])

    @property
    def has_explicit_indexes(self) -> bool:
        """Some packages come from an index of uv's that no other package may come from."""
        listed = self.tool("uv").get("index")
        return isinstance(listed, list) and any(_table(one).get("explicit") for one in listed)

    def tool(self, name: str) -> Mapping[str, Any]:
        """A tool's table; empty when there is none."""
        return _table(_table(self.tables.get("tool")).get(name))

    def defining(self) -> str:
        """The same text for files that install the same."""
        return json.dumps(self.tables, sort_keys=True, default=str) if self.tables else ""


def parse_pyproject(text: str) -> Pyproject:
    """Read the tables that decide what is installed.

    Raises:
        RefusedInputError: it is too long, or not TOML.
    """
    from pushdeploy.model.toml import parse_toml  # noqa: PLC0415 - many a push needs none

    refuse_longer(text, LONGEST_PYPROJECT, "pyproject.toml")
    try:
        found = parse_toml(text)
    except ValueError as error:
        raise RefusedInputError(
            f"`pyproject.toml` is not TOML: {error}",
            hint="fix pyproject.toml, commit and push again",
        ) from None
    return Pyproject(dict(_defining(found)))


def normalised(requirements: Iterable[str]) -> frozenset[str]:
    """The names in requirements such as `Flask_Login[x]>=1`: `flask-login` (PEP 503)."""
    matches = (_NAME.match(one) for one in requirements)
    return frozenset(re.sub(r"[-_.]+", "-", one[1]).lower() for one in matches if one)


def _defining(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in DEFINING:
        if name in found:
            yield name, found[name]
    tools = _table(found.get("tool"))
    kept = {name: tools[name] for name in DEFINING_TOOLS if name in tools}
    if kept:
        yield "tool", kept


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
