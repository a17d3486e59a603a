"""Node: a `package.json` whose `build` script makes what the app serves, and how it is run.

Who keeps its lock file keeps its packages: npm, pnpm or yarn. `heroku-postbuild` comes before
`build`, as on Heroku.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

PACKAGE_JSON = "package.json"
LONGEST_PACKAGE_JSON = 1 << 20
"""Bytes; a longer one is nobody's."""

SCRIPTS = ("heroku-postbuild", "build")
LOCKS = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}
"""The first that is there counts."""

NEWEST = {"pnpm": "10", "yarn": "1"}
"""Of a repo that names no version of its manager. Raised by hand, when a new major version reads
the lock files of the last."""

VERSION = r"[0-9]{1,4}(?:\.[0-9]{1,6}){0,2}"
PACKAGE_MANAGER = (
    r"(?P<name>npm|pnpm|yarn)@(?P<version>[0-9]{1,4}(?:\.[0-9]{1,6}){0,2})(?:[-+].{0,200})?"
)

IN_A_COMMAND = r"\b(?:node|npm|npx|pnpm|yarn)\b"


@dataclass(frozen=True, slots=True)
class NodeBuild:
    """What of a tree Node has to build."""

    script: str = ""
    """One of `SCRIPTS`; empty when there is nothing to build."""
    manager: str = "npm"
    locked: bool = False
    """There is a lock file."""
    version: str = ""
    """Of the manager, as `packageManager` of package.json asks: `9.1.0`."""


NO_NODE = NodeBuild()


def read_package_json(text: str, present: Collection[str]) -> NodeBuild:
    """What a `package.json` asks for; one that can't be read asks for nothing.

    Args:
        text: its content.
        present: the lock files beside it.
    """
    try:
        root = json.loads(text)
        scripts = root.get("scripts")
        script = next((one for one in SCRIPTS if isinstance(scripts.get(one), str)), "")
    except (ValueError, AttributeError, RecursionError):
        return NO_NODE
    if not script:
        return NO_NODE
    asked = re.fullmatch(PACKAGE_MANAGER, str(root.get("packageManager", "")))
    by_lock = next((manager for lock, manager in LOCKS.items() if lock in present), None)
    manager = by_lock or (asked["name"] if asked else "npm")
    version = asked["version"] if asked and asked["name"] == manager else ""
    return NodeBuild(script, manager, by_lock is not None, version)


def parse_node_build(record: object) -> NodeBuild:
    """What the checkout says; another user wrote it.

    Raises:
        ValueError: it is not that.
    """
    if not isinstance(record, dict):
        raise TypeError("the build by Node is no table")
    script, manager, version = (str(record[key]) for key in ("script", "manager", "version"))
    if script not in ("", *SCRIPTS) or manager not in LOCKS.values():
        raise ValueError(f"{script!r} by {manager!r} is no build by Node")
    if version and re.fullmatch(VERSION, version) is None:
        raise ValueError(f"{version!r} is no version")
    return NodeBuild(script, manager, bool(record["locked"]), version)


def node_commands(node: NodeBuild, programs: Collection[str]) -> tuple[str, str]:
    """The lines that install the packages and build; each a line for the shell.

    Args:
        node: what is to be built.
        programs: those of npm, pnpm and yarn that are installed.
    """
    if node.manager == "npm":
        install = "npm ci --include=dev" if node.locked else "npm install --include=dev"
        return install, f"npm run {node.script}"
    program = _program(node, programs)
    frozen = "--immutable" if _is_berry(node) else "--frozen-lockfile"
    options = f" {frozen}" if node.locked else ""
    return f"{program} install{options}", f"{program} run {node.script}"


def _program(node: NodeBuild, programs: Collection[str]) -> str:
    if node.manager in programs and not node.version:
        return node.manager
    version = node.version or NEWEST[node.manager]
    if _is_berry(node):
        return f"npx --yes --package=@yarnpkg/cli-dist@{version} yarn"
    return f"npx --yes {node.manager}@{version}"


def _is_berry(node: NodeBuild) -> bool:
    """Yarn from 2 on, which npm has by another name."""
    return node.manager == "yarn" and node.version.split(".")[0] not in ("", "0", "1")


def needs_node_to_run(procfile: str) -> bool:
    """Whether a line of the Procfile runs a program of Node, so that its packages stay."""
    return re.search(IN_A_COMMAND, procfile) is not None
