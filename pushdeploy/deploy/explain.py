"""Explain: why what was started failed, from what it printed, the repo, and the kernel."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.deploy.listener import elsewhere
from pushdeploy.errors import PushdeployError
from pushdeploy.model.cause import Cause, Evidence
from pushdeploy.model.causes import cause_of
from pushdeploy.model.next_step import next_step
from pushdeploy.model.ports import on_port
from pushdeploy.model.repo_facts import RepoFacts, parse_facts
from pushdeploy.records.app_records import AppRecords

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.instance import Instance
    from pushdeploy.model.release import Kind, Release

LONGEST = 200_000
"""Characters of an output that are looked at, its last ones."""


def explain(
    machine: Machine,
    release: Release,
    process: str,
    output: Iterable[str],
    *,
    status: int | None = None,
    body: str = "",
    ended: bool = True,
) -> Cause | None:
    """Why; `None` when nothing says it in words that are known.

    Args:
        machine: this one.
        release: what was started.
        process: `web`, `release`, or a worker's process type.
        output: its last lines.
        status: what the health check was answered.
        body: that answer.
        ended: the process is gone.
    """
    lines = {line.name: line.command for line in release.procfile.lines}
    records = AppRecords(machine.layout.app(release.app))
    text = "\n".join(output)[-LONGEST:]
    return cause_of(
        Evidence(
            app=release.app,
            output=text,
            command=lines.get(process, ""),
            process=process,
            slugs=machine.layout.app(release.app).slugs,
            status=status,
            body=body,
            host=machine.proxy_host(release.app),
            ended=ended,
            facts=_facts(machine, release),
            config=records.environment_of(release.number).values,
            domains=tuple(one for one in records.settings().domains if not one.startswith("*")),
        )
    )


def of_run(machine: Machine, release: Release, argv: Sequence[str], printed: str) -> Cause | None:
    """Why a command that somebody ran failed; `None` when its own words have to do.

    Args:
        machine: this one.
        release: whose code it ran.
        argv: the command.
        printed: what it printed last.
    """
    place = machine.layout.app(release.app)
    evidence = Evidence(
        app=release.app,
        output=printed,
        command=argv[0] if len(argv) == 1 else shlex.join(argv),
        process="run",
        slugs=place.slugs,
        config=AppRecords(place).environment_of(release.number).values,
    )
    if cause_of(evidence) is None:  # most fail for reasons of their own; the repo is not asked then
        return None
    found = cause_of(replace(evidence, facts=_facts(machine, release)))
    return found if found and "Procfile" not in found.hint else None


def wrong_port(machine: Machine, release: Release, instance: Instance) -> Cause | None:
    """It listens, but not where it was told to."""
    if instance.port is None:
        return None
    found = elsewhere(machine, release)
    if found is None:
        return None
    address, port = found
    return Cause(
        f"web listens on port {port}, and not on `$PORT`.",
        on_port(release.procfile.web.command, address, port),
    )


def hint_of(cause: Cause | None, kind: Kind, app: str, otherwise: str | None = None) -> str:
    """The one command; a change of the code is no answer to a change of something else."""
    if cause is None:
        return next_step(kind, app, otherwise)
    return cause.hint if cause.hint.startswith("pushdeploy ") else next_step(kind, app, cause.hint)


def _facts(machine: Machine, release: Release) -> RepoFacts:
    """What the repo says; nothing when it can't be asked."""
    repo = machine.layout.app(release.app).repo
    command = release.procfile.web.command if release.procfile.has_web else ""
    try:
        answer = machine.checkout_worker.ask(
            "look", repo=str(repo), commit=release.commit.id, command=command
        )
    except PushdeployError:
        return RepoFacts()
    return parse_facts(answer)
