"""Build steps: what a tree has run before a release of it, and what they say of themselves.

The order is Heroku's: `bin/pre_compile`, then the packages, Node's `build` script, what the repo's
settings say, Django's `collectstatic`, `bin/post_compile`; last, `scripts.dokku.predeploy` of
app.json.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pushdeploy.model.dependency_file import PRE_COMPILE
from pushdeploy.model.node_build import NO_NODE, NodeBuild, parse_node_build

if TYPE_CHECKING:
    from collections.abc import Mapping

POST_COMPILE = "bin/post_compile"
HOOKS = (PRE_COMPILE, POST_COMPILE)

DISABLE_COLLECTSTATIC = "DISABLE_COLLECTSTATIC"
"""A config var of Heroku's: with any value, `collectstatic` is not run."""

MANAGE = "manage.py"
DEEPEST_MANAGE = 3
"""Names in the path of the deepest `manage.py` that is found, as on Heroku."""
_MANAGE = r"(?:[^/\x00-\x1f\x7f]{1,255}/){0,2}manage\.py"


@dataclass(frozen=True, slots=True)
class BuildFiles:
    """What of a tree asks for a build step."""

    hooks: tuple[str, ...] = ()
    """Those of `HOOKS` that are there."""
    manage: str = ""
    """The shallowest `manage.py`, or empty."""
    node: NodeBuild = NO_NODE


NOTHING = BuildFiles()


@dataclass(frozen=True, slots=True)
class Step:
    """One program, run in the code's folder."""

    shown: str
    """As people see it: `python manage.py collectstatic --noinput`."""
    argv: tuple[str, ...]
    hook: str = ""
    """A file of the tree that has to be executable."""


def parse_build_files(record: object) -> BuildFiles:
    """What the checkout says; another user wrote it.

    Raises:
        ValueError: it is not that.
    """
    if not isinstance(record, dict):
        raise TypeError("the build files are no table")
    manage = str(record["manage"])
    if manage and (re.fullmatch(_MANAGE, manage) is None or ".." in manage.split("/")):
        raise ValueError(f"{manage!r} is not a `manage.py`")
    hooks = tuple(one for one in HOOKS if one in record["hooks"])
    return BuildFiles(hooks, manage, parse_node_build(record["node"]))


def wants_collectstatic(files: BuildFiles, environment: Mapping[str, str], *, django: bool) -> bool:
    """Whether `collectstatic` is run, as Heroku decides it."""
    return bool(files.manage) and django and not environment.get(DISABLE_COLLECTSTATIC)


def wanted_steps(
    files: BuildFiles,
    commands: tuple[str, ...],
    predeploy: str,
    environment: Mapping[str, str],
    *,
    django: bool,
    python: str,
    collector: str,
) -> tuple[Step, ...]:
    """The steps of a tree once its packages are there, in their order.

    Args:
        files: what of the tree asks for one.
        commands: lines for the shell, of Node and of the repo's own settings.
        predeploy: what Dokku runs last, a line for the shell, or empty.
        environment: the config vars.
        django: whether it is installed.
        python: the venv's.
        collector: the program that runs `collectstatic` for us.
    """
    steps = [_line(line) for line in commands]
    if wants_collectstatic(files, environment, django=django):
        shown = f"python {files.manage} collectstatic --noinput"
        steps.append(Step(shown, (python, collector, files.manage)))
    if POST_COMPILE in files.hooks:
        steps.append(hook_step(POST_COMPILE))
    if predeploy:
        steps.append(_line(predeploy))
    return tuple(steps)


def _line(line: str) -> Step:
    return Step(line, ("/bin/bash", "--norc", "-c", line))


def hook_step(path: str) -> Step:
    """A hook of `HOOKS`."""
    return replace(_line(path), hook=path)
