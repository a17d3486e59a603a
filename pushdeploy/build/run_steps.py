"""Run steps: what a tree has run before a release of it, sealed into a slug of its own.

The slug is made in its final place, as a venv is: nothing names it until a release does. Its name
is drawn by lot; whether a former one will do is found out by the releases, whose config vars are
root's and the app's alone, so that no name is a digest of secrets.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.build.build import refuse_full_disk
from pushdeploy.build.node import QUIET, NodeSteps
from pushdeploy.build.step_output import Listener, failed
from pushdeploy.build.venv import BUILD_SECONDS
from pushdeploy.errors import DeployFailedError, RefusedInputError
from pushdeploy.events import Report, StaticFound, StepsFinished, Warned
from pushdeploy.model.dependency_file import PRE_COMPILE
from pushdeploy.model.job import Job, JobKind
from pushdeploy.model.release import Kind
from pushdeploy.model.static_mount import code_folders
from pushdeploy.model.step_said import (
    Collected,
    collected_mount,
)
from pushdeploy.records.app_records import read_release_or_none
from pushdeploy.system import files
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.files import sync_filesystem
from pushdeploy.system.seal import is_plain_folder

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.build.build import Venv
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.app_layout import AppLayout
    from pushdeploy.model.build_step import Step
    from pushdeploy.model.environment import Environment
    from pushdeploy.model.release import Release
    from pushdeploy.model.static_mount import StaticMount
    from pushdeploy.model.tree import Tree
    from pushdeploy.records.app_records import AppRecords

STEPPER = "import sys; from pushdeploy.build.stepper import main; sys.exit(main())"

MADE_BY_STEPS = (Kind.DEPLOY, Kind.REBUILD)
"""Releases whose config vars are those that their build steps had."""


@dataclass(frozen=True, slots=True)
class Output:
    """What build steps have made."""

    slug: str
    static: tuple[StaticMount, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done."""

    machine: Machine
    records: AppRecords
    tree: Tree
    venv: Venv | None
    """None of `bin/pre_compile`, which comes before the packages."""
    environment: Environment
    steps: tuple[Step, ...]
    node: NodeSteps

    @property
    def place(self) -> AppLayout:
        """The app's folders."""
        return self.records.place

    @property
    def shown(self) -> tuple[str, ...]:
        """The steps as people see them, with what has run before."""
        before = (PRE_COMPILE,) if self.tree.begun else ()
        return (*before, *(step.shown for step in self.steps))


def output_of(work: Work, report: Report) -> Output:
    """What they made before of the same, or make now.

    Raises:
        DeployFailedError: a step failed.
        RefusedInputError: what they have left can't be a release's.
    """
    former = _former(work)
    if former is not None:
        report(StepsFinished(reused=True, seconds=0.0))
        return former
    return _made(work, report)


def _made(work: Work, report: Report) -> Output:
    began = work.machine.monotonic()
    refuse_full_disk(work.machine, work.place.slugs)
    slug = os.urandom(12).hex()
    made = work.place.slugs / slug
    try:
        collected = _run(work, made, report)
        static = _seal(work, made, collected, report)
    except (DeployFailedError, RefusedInputError):
        files.delete_tree(made)
        raise
    report(StepsFinished(reused=False, seconds=work.machine.monotonic() - began))
    return Output(slug, static)


def _former(work: Work) -> Output | None:
    """What the same steps made of the same tree, packages and config vars before."""
    for number in reversed(work.records.numbers()):
        release = read_release_or_none(work.records, number)
        if (
            release is not None
            and release.kind in MADE_BY_STEPS
            and (found := _made_for(work, release)) is not None
            and (work.place.slugs / found.slug).is_dir()
            and work.records.environment_of(number) == work.environment
        ):
            return found
    return None


def _made_for(work: Work, release: Release) -> Output | None:
    """What a release has of these steps, packages and code."""
    if work.venv is None:
        if release.begun == work.tree.slug:
            return Output(release.source, ())
        if (release.source, release.steps) == (work.tree.slug, work.shown):
            return Output(release.slug, ())
    elif (release.source, release.venv) == (work.tree.slug, work.venv.key):
        return Output(release.slug, release.static) if release.steps == work.shown else None
    return None


def _run(work: Work, made: Path, report: Report) -> Collected | None:
    """Run the steps in a copy of the code; returns what Django says of its files."""
    machine, place = work.machine, work.place
    files.delete_tree(place.step_work)
    machine.accounts.own_work(place.name, (made, place.step_work))
    reached(Point.STEPS_BEGUN)
    began = machine.monotonic()
    listener = Listener(work.steps, report)
    status = machine.supervisor.once(_job(work, made), listener)
    reached(Point.STEPS_RUN)
    if status != 0:
        seconds = machine.monotonic() - began
        raise failed(place.name, work.environment.values, listener, status, seconds)
    return listener.collected


def _job(work: Work, made: Path) -> Job:
    machine, place = work.machine, work.place
    plan = {
        "source": str(place.slugs / work.tree.slug),
        "code": str(made),
        "steps": [{"argv": step.argv, "hook": step.hook} for step in work.steps],
        "without": work.node.without,
    }
    path = [
        *([f"{place.venvs / work.venv.key}/bin"] if work.venv else []),
        *([work.node.folder] if work.node.folder else []),
        *("/usr/local/bin", "/usr/bin", "/bin"),
    ]
    return Job(
        app=place.name,
        kind=JobKind.STEP,
        argv=(str(machine.python), "-I", "-c", STEPPER, json.dumps(plan)),
        user=machine.accounts.build_user(place.name),
        groups=(machine.accounts.app_user(place.name),),
        folder=place.step_work,
        home=place.step_work,
        writable=(made, place.step_work),
        hidden=(
            *(place.releases, place.shared, place.home, place.pending_environment),
            *(place.build_cache, machine.layout.settings, machine.layout.engine_socket),
        ),
        environment=(
            ("PATH", ":".join(path)),
            ("LANG", "C.UTF-8"),
            ("PYTHONUNBUFFERED", "1"),
            ("PUSHDEPLOY_APP", place.name),
            ("GIT_REV", work.tree.commit.id),
            *(QUIET if work.node.commands else ()),
        ),
        seconds=BUILD_SECONDS,
        private=tuple(work.environment.values.items()),
    )


def _seal(
    work: Work, made: Path, collected: Collected | None, report: Report
) -> tuple[StaticMount, ...]:
    """Make the slug nobody's to change, open to nginx what it serves; returns that."""
    machine, place = work.machine, work.place
    machine.accounts.seal(place.name, made)
    reached(Point.STEPS_SEALED)
    added = work.records.settings().static
    mount = None if collected is None else collected_mount(collected, str(made))
    if mount is not None and not is_plain_folder(made, mount.folder):
        report(Warned(f"`{mount.folder}` is not a folder: nginx serves nothing of it"))
        mount = None
    public = {*code_folders(added), *([mount.folder] if mount else [])}
    machine.checkout_worker.ask(
        "open_folders", slugs=str(place.slugs), only=made.name, public=sorted(public)
    )
    sync_filesystem(made)
    reached(Point.STEPS_DONE)
    if mount is None or any(one.url == mount.url for one in added):
        return ()  # a person has said what is served there
    report(StaticFound(mount.url, mount.folder))
    return (mount,)
