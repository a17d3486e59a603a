"""Pre-compile: `bin/pre_compile` runs before the packages are installed, and may say which.

As on Heroku: it may write the list of packages, ask for another Python, or add a `package.json`.
What it makes is a slug of its own, sealed as any build step's, and is looked at again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.build.node import NodeSteps
from pushdeploy.model.build_step import hook_step
from pushdeploy.model.dependency_file import PRE_COMPILE
from pushdeploy.model.tree import parse_tree, render_tree

if TYPE_CHECKING:
    from pushdeploy.events import Report
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.environment import Environment
    from pushdeploy.model.tree import Tree
    from pushdeploy.records.app_records import AppRecords


def pre_compiled(
    machine: Machine,
    records: AppRecords,
    tree: Tree,
    environment: Environment,
    report: Report,
) -> Tree:
    """The tree as `bin/pre_compile` leaves it; the same one if there is none.

    Raises:
        DeployFailedError: it failed; nothing that is live was touched.
        RefusedInputError: what it has left can't be a release's.
    """
    if PRE_COMPILE not in tree.build.hooks:
        return tree
    from pushdeploy.build.run_steps import Work, output_of  # noqa: PLC0415 - most trees have none

    steps = (hook_step(PRE_COMPILE),)
    made = output_of(Work(machine, records, tree, None, environment, steps, NodeSteps()), report)
    answer = machine.checkout_worker.ask(
        "look_again", slugs=str(records.place.slugs), slug=made.slug, tree=render_tree(tree)
    )
    found = parse_tree(answer)
    return replace(
        tree,
        slug=made.slug,
        begun=tree.slug,
        python_version=found.python_version,
        python_file=found.python_file,
        requirements=found.requirements,
        local=found.local,
        source=found.source,
        passed_over=found.passed_over,
        project=found.project,
        stale=found.stale,
        packages=found.packages,
        build=found.build,
    )
