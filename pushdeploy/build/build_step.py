"""Build steps: the code that a release runs, which what its tree has run may have changed.

A tree that has nothing run costs nothing here: no program, no sync, and few imports.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.build.node import node_steps
from pushdeploy.model.appjson import parse_app_json
from pushdeploy.model.build_step import wanted_steps
from pushdeploy.model.dependency_file import PRE_COMPILE

if TYPE_CHECKING:
    from pushdeploy.build.build import Venv
    from pushdeploy.events import Report
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.environment import Environment
    from pushdeploy.model.release import Release
    from pushdeploy.model.static_mount import StaticMount
    from pushdeploy.model.tree import Tree
    from pushdeploy.records.app_records import AppRecords

COLLECTOR = Path(__file__).with_name("collectstatic.py")


@dataclass(frozen=True, slots=True)
class Code:
    """What a release runs: a slug, and what it was made from (`Release`)."""

    slug: str
    source: str = ""
    steps: tuple[str, ...] = ()
    static: tuple[StaticMount, ...] = ()
    begun: str = ""


def built_code(
    machine: Machine,
    records: AppRecords,
    tree: Tree,
    venv: Venv,
    environment: Environment,
    report: Report,
) -> Code:
    """The code that a release runs: the tree's slug, or what its build steps make of it.

    Raises:
        DeployFailedError: a step failed; nothing that is live was touched.
        RefusedInputError: what the steps have left can't be a release's.
    """
    folder = records.place.venvs / venv.key
    node = node_steps(tree, folder, report)
    steps = wanted_steps(
        tree.build,
        (*node.commands, *tree.settings.build),
        parse_app_json(tree.app_json).predeploy if tree.app_json else "",
        environment.values,
        django=bool(tree.build.manage) and _has_django(folder),
        python=str(folder / "bin" / "python"),
        collector=str(COLLECTOR),
    )
    if not steps:
        return Code(tree.slug, tree.begun, (PRE_COMPILE,) if tree.begun else ())
    from pushdeploy.build.run_steps import Work, output_of  # noqa: PLC0415 - most trees have none

    work = Work(machine, records, tree, venv, environment, steps, node)
    made = output_of(work, report)
    return Code(made.slug, tree.slug, work.shown, made.static, tree.begun)


def _has_django(venv: Path) -> bool:
    return any(one.is_dir() for one in venv.glob("lib/python3*/site-packages/django"))


def with_code(release: Release, code: Code) -> Release:
    """The same release with other code."""
    return replace(
        release,
        slug=code.slug,
        source=code.source,
        steps=code.steps,
        static=code.static,
        begun=code.begun,
    )
