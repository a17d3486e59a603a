"""Pulse: whether what is live answers right now. Nothing else may say that it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy import fit, instances
from pushdeploy.model.health import Verdict, accepts, probe_headers
from pushdeploy.model.instance import State
from pushdeploy.records.app_records import read_release_or_none
from pushdeploy.system.http import NoAnswerError, get

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.release import Release
    from pushdeploy.records.app_records import AppRecords

PULSE_SECONDS = 3.0
"""Somebody waits for a last word, and an app that is well answers in far less."""


def trouble(machine: Machine, records: AppRecords) -> str:
    """What is wrong with the live release, after its name: `does not answer`.

    Empty when it has just answered its health check, and when nothing is live.
    """
    live = records.live()
    if live is None:
        return ""
    release = read_release_or_none(records, live)
    if release is None:
        return "has lost its record"
    if not release.speaks_http:
        return _fallen(machine, records, release)
    check = release.checks[0]
    try:
        answer = get(
            records.place.web_socket(live),
            check.path,
            host=machine.proxy_host(release.app),
            headers=probe_headers(check),
            seconds=max(PULSE_SECONDS, check.timeout) if check.explicit else PULSE_SECONDS,
        )
    except NoAnswerError:
        lost = fit.misfit(machine, release)
        return "does not answer" + ("" if lost is None else f" and can't start again: {lost}")
    if accepts(check, answer.status) is Verdict.FAIL:
        return f"answers {answer.status} to GET {check.path}"
    return ""


def _fallen(machine: Machine, records: AppRecords, release: Release) -> str:
    """Which instance is not up, of a release that can't be asked."""
    statuses = {one.unit: one.state for one in machine.supervisor.statuses(release.app)}
    settings = records.settings()
    wanted = instances.workers(machine, release, settings)
    if release.procfile.has_web:
        wanted.append(instances.web(machine, release, settings))
    for one in wanted:
        if statuses.get(one.unit) not in (State.UP, State.STARTING):
            return f"does not run {one.name}"
    return ""
