"""Build: a venv of what a tree needs, keyed by all that defines it, made once, never changed."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from pushdeploy.build.choose_python import choose_python
from pushdeploy.build.conda import make_environment, python_of
from pushdeploy.build.export import export
from pushdeploy.build.heard import Heard
from pushdeploy.build.make_venv import make_venv
from pushdeploy.build.venv_jobs import VenvPlan
from pushdeploy.errors import DeployFailedError
from pushdeploy.events import (
    BuildOutput,
    BuildStarted,
    Built,
    GunicornAdded,
    ListsPassedOver,
    PythonChosen,
    Report,
    Warned,
)
from pushdeploy.model.app_layout import COMPLETE
from pushdeploy.model.dependency_file import PIPFILE, PYPROJECT, TOOLS, Source
from pushdeploy.model.index_settings import defining, index_settings, secrets
from pushdeploy.model.size import format_size
from pushdeploy.model.web_server import web_server
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system import pythons

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.procfile import Procfile
    from pushdeploy.model.tree import Tree

VENV_FORMAT = "2"
"""Part of every venv's key; raised when we would make a venv differently."""

WITHOUT_GROUPS = frozenset({Source.REQUIREMENTS, Source.CONDA})

DISK_RESERVE = 256 << 20
"""Bytes that must be free before a build begins."""


@dataclass(frozen=True, slots=True)
class Venv:
    """A complete venv."""

    key: str
    python: str
    """`3.11.2`."""
    interpreter: str
    """`/usr/bin/python3.11`."""


def build(
    machine: Machine,
    app: str,
    tree: Tree,
    procfile: Procfile,
    report: Report,
    *,
    fresh: bool = False,
) -> Venv:
    """Make sure that the venv for this tree is there; a `fresh` one takes the place of none.

    Raises:
        DeployFailedError: the build failed; nothing that is live was touched.
        RefusedInputError: the Python that the tree asks for is not there.
    """
    began = machine.monotonic()
    conda = tree.source is Source.CONDA
    own = pythons.interpreter(machine.server_python) if conda else None
    python = own or choose_python(machine, tree, report)
    extra = _forgotten(tree, procfile)
    _say(tree, extra, report)
    place = machine.layout.app(app)
    told = index_settings(AppRecords(place).environment().values, tree.requirements.values())
    defined_by = [*extra, *defining(told)]
    key = _usable_key(place.venvs, tree, python, defined_by, fresh=fresh)
    venv = place.venvs / key
    reused = (venv / COMPLETE).exists()
    if not reused:
        report(BuildStarted(tree.source))
        refuse_full_disk(machine, place.venvs)
        plan = VenvPlan(
            *(machine, app, tree, python, venv),
            extra=tuple(extra),
            private=tuple(told.items()),
        )
        _make(plan, Heard(report, secrets(told)), fresh=fresh)
    report(Built(reused=reused, seconds=machine.monotonic() - began, source=tree.source))
    if conda:
        python = python_of(venv)
        report(PythonChosen(str(python.version), tree.source))
    return Venv(key, str(python.version), str(python.path))


def _say(tree: Tree, extra: list[str], report: Report) -> None:
    """What a person should know of the lists of packages."""
    for server in extra:
        report(GunicornAdded(server, tree.source))
    if tree.stale:
        report(Warned(*_stale(tree.source)))
    if tree.settings.groups and tree.source in WITHOUT_GROUPS:
        report(Warned(*_no_groups(tree.source, tree.settings.groups)))
    if tree.passed_over:
        report(ListsPassedOver(tree.source, tree.passed_over))


def _make(plan: VenvPlan, heard: Heard, *, fresh: bool) -> None:
    """Make it, and again with an older setuptools where a package could not be built without."""
    if plan.tree.source is Source.CONDA:
        make_environment(plan, heard)
        return
    try:
        export(plan, heard)
        try:
            make_venv(plan, heard, fresh=fresh)
        except DeployFailedError:
            if not heard.wants_pkg_resources:
                raise
            heard(BuildOutput("Trying again with setuptools 80, which has pkg_resources"))
            make_venv(replace(plan, old_builds=True), heard, fresh=fresh)
    except DeployFailedError as error:
        raise heard.explained(error, plan.python.version, plan.tree.source) from error


def _usable_key(
    venvs: Path, tree: Tree, python: pythons.Interpreter, extra: list[str], *, fresh: bool
) -> str:
    """The key of a venv that fits or is still to be made: one that is complete never changes."""
    version, conda = python.version, tree.source is Source.CONDA
    packages = f"lib/python{version.major}.{version.minor}"
    made_for = "" if conda else f"{python.path} {version}"
    for again in count():
        key = venv_key(tree, made_for, extra, again)
        venv = venvs / key
        if conda:
            fits = pythons.of_environment(venv) is not None
        else:
            fits = pythons.of_venv(venv) == python.path and any(venv.glob(f"{packages}*"))
        if not (venv / COMPLETE).exists() or (fits and not fresh):
            return key
    raise AssertionError  # there is always one more


def venv_key(tree: Tree, python: str, extra: list[str], again: int = 0) -> str:
    """A digest of everything that defines a venv."""
    parts = [
        *(VENV_FORMAT, python, os.uname().machine, _libc()),
        *(extra, sorted(tree.requirements.items()), tree.slug if tree.local else "", again),
        *(tree.source, tree.project, tree.settings.groups),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def _libc() -> str:
    """`glibc 2.36` (confstr(3)); empty where there is another."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except ValueError:
        return ""


def _forgotten(tree: Tree, procfile: Procfile) -> list[str]:
    listed = set(tree.packages)
    if any("fastapi[" in text for text in tree.requirements.values()):  # `[standard]` brings it
        listed.add("uvicorn")
    used = {web_server(line.command) for line in procfile.lines}
    return sorted(server for server in used if server and server not in listed)


def _no_groups(source: Source, groups: Sequence[str]) -> tuple[str, str]:
    return (
        f"groups are passed over, since `{source}` has none: {', '.join(groups)}",
        f"list in {source} what they hold, commit, and push again",
    )


def _stale(source: Source) -> tuple[str, str]:
    made_from = PIPFILE if source is Source.PIPENV else PYPROJECT
    return (
        f"`{source}` is older than `{made_from}`; what has changed there is not installed",
        f"{TOOLS[source]} lock, commit {source}, and push again",
    )


def refuse_full_disk(machine: Machine, folder: Path) -> None:
    """Look before anything is built.

    Raises:
        DeployFailedError: too little is free.
    """
    free = machine.resources.free_disk(folder)
    if free < DISK_RESERVE:
        raise DeployFailedError(
            f"the disk is nearly full: {format_size(free)} are free under `{folder}`, "
            f"a build needs {format_size(DISK_RESERVE)}",
            hint="df -h; pushdeploy reconcile",
        )
