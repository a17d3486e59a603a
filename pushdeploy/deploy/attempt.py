"""An attempt: the frame around every try to make something live."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from pushdeploy.apps.hogs import stop_hogs
from pushdeploy.apps.restore import own, restore
from pushdeploy.deploy.pulse import trouble
from pushdeploy.deploy.start_missing import start_missing
from pushdeploy.deploy.switch import resolve_intent
from pushdeploy.errors import (
    OUR_BUG,
    DeployFailedError,
    NotFoundError,
    PushdeployError,
    UnavailableError,
)
from pushdeploy.events import AttemptEnded, AttemptFailed, AttemptStarted, Report, Warned
from pushdeploy.model.attempt import Outcome
from pushdeploy.model.ended import Ended, EndedAs
from pushdeploy.model.release import Release
from pushdeploy.model.typed_command import name_app
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system import log
from pushdeploy.system.disk_refusal import refusal
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.locks import WAIT_SECONDS, Holder, held

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.app_layout import AppLayout

FAILED = DeployFailedError.exit_code


class Audience(Protocol):
    """Who asked for the attempt, and where its events go."""

    def waiting(self, holder: Holder) -> None:
        """Another attempt is under way."""

    def begin(self, app: str, attempt: int) -> Report:
        """The attempt has its number; returns who is told of its events."""


@dataclass(frozen=True, slots=True)
class Forewarned:
    """An audience that is told of a trouble first."""

    audience: Audience
    trouble: PushdeployError

    def waiting(self, holder: Holder) -> None:
        """Another attempt is under way."""
        self.audience.waiting(holder)

    def begin(self, app: str, attempt: int) -> Report:
        """The attempt has its number."""
        report = self.audience.begin(app, attempt)
        report(Warned(self.trouble.message, self.trouble.hint or ""))
        return report


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants what."""

    app: str
    kind: str
    who: str
    commit: str
    of_branch: bool = False


Story = Callable[[int, Report], Release]
"""The steps of an attempt: its number and who is told; returns the release that is live."""


@contextmanager
def app_lock(
    machine: Machine,
    app: str,
    audience: Audience,
    who: str,
    what: str,
    *,
    tell: Callable[[str], None] | None = None,
    seconds: float = WAIT_SECONDS,
) -> Iterator[AppRecords]:
    """Hold the app. Fixed first: owners; what a killed engine left; a half switch.

    Jobs before attempts: a process that marks their attempt and is killed then would leave them to
    nobody.

    Raises:
        NotFoundError: there is no such app.
        BusyError: somebody holds it for too long.
    """
    place = machine.layout.app(app)
    tell = tell or partial(log.note, app)
    _refuse_missing(place)
    with held(place.lock, who=who, what=what, seconds=seconds, on_wait=audience.waiting):
        _refuse_missing(place)  # it may have been destroyed while we waited
        for did in own(machine, app):
            tell(did)
        records = AppRecords(place)
        if any(one.outcome is Outcome.RUNNING for one in records.attempts()):
            machine.supervisor.stop_jobs(app)
            reached(Point.JOBS_STOPPED)
        switched = resolve_intent(records, tell)
        for attempt in records.end_dead_attempts(switched):
            tell(f"attempt {attempt.number} had been killed")
        reached(Point.ATTEMPTS_ENDED)
        for did in restore(machine, records):
            tell(did)
        if switched is not None:
            for did in start_missing(machine, records):
                tell(did)
        yield records


def _refuse_missing(place: AppLayout) -> None:
    if not place.settings.exists():
        hint = f"pushdeploy apps:create {place.name}"
        raise NotFoundError(f"there is no app `{place.name}`", hint=hint)


def run_attempt(
    machine: Machine, records: AppRecords, audience: Audience, request: Request, story: Story
) -> Ended:
    """Run the steps and say how they ended; call with the lock held.

    Any error leaves what is live as it was (the steps see to that). What a failed try has started
    is stopped afterwards by the same cleanup that a killed one gets.
    """
    number = max((one.number for one in records.attempts()), default=0) + 1
    began = machine.monotonic()
    report = audience.begin(request.app, number)
    records.note_attempt(
        number,
        kind=request.kind,
        commit=request.commit,
        of_branch=request.of_branch,
        who=request.who,
        at=machine.now(),
    )
    reached(Point.ATTEMPT_NOTED)
    report(AttemptStarted(number, request.app, request.kind, request.commit, request.who))
    try:
        for did in stop_hogs(machine, but=request.app):
            report(Warned(did, hint="ss -tuanp"))
        release = story(number, report)
    except PushdeployError as error:
        return _failed(machine, records, number, error, report, machine.monotonic() - began)
    except Exception as error:  # noqa: BLE001 - also our own bug must end the attempt
        failure = refused_by_disk(error) or _our_bug(error, number, request.app)
        return _failed(machine, records, number, failure, report, machine.monotonic() - began)
    seconds = machine.monotonic() - began
    records.note_attempt(
        number, outcome=Outcome.LIVE, release=release.number, seconds=round(seconds, 3)
    )
    reached(Point.ATTEMPT_ENDED)
    if records.place.maintenance.exists():
        off = f"pushdeploy maintenance:off --app {request.app}"
        report(Warned("visitors still get the maintenance page", hint=off))
    report(AttemptEnded(Outcome.LIVE, 0, release.number))
    return Ended(EndedAs.LIVE, 0, number, release.number)


def refused_by_disk(error: Exception) -> DeployFailedError | None:
    """A full or broken disk is neither our bug nor the app's; `None` for anything else."""
    refused = refusal(error)
    return None if refused is None else DeployFailedError(refused[0], hint=refused[1])


def _our_bug(error: Exception, number: int, app: str) -> DeployFailedError:
    bug = DeployFailedError(
        f"pushdeploy itself failed: {error!r}",
        report=tuple(traceback.format_exc().splitlines()[-12:]),
        hint=f"try again; all of it: pushdeploy releases:output --attempt {number} --app {app}",
    )
    bug.exit_code = OUR_BUG
    return bug


def _failed(
    machine: Machine,
    records: AppRecords,
    number: int,
    error: PushdeployError,
    report: Report,
    seconds: float,
) -> Ended:
    exit_code = OUR_BUG if error.exit_code == OUR_BUG else FAILED
    name_app(error, records.place.name)
    with contextlib.suppress(OSError, UnavailableError):  # a full disk: the next attempt marks it
        records.note_attempt(
            number,
            outcome=Outcome.FAILED,
            reason=error.message,
            hint=error.hint or "",
            seconds=round(seconds, 3),
        )
    reached(Point.ATTEMPT_FAILED)
    attempt = next(one for one in records.attempts() if one.number == number)
    report(
        AttemptFailed(
            reason=error.message,
            report=error.report if isinstance(error, DeployFailedError) else (),
            hint=error.hint or "",
            still_live=records.live(),
            release_phase=attempt.release_phase,
            trouble=trouble(machine, records),
        )
    )
    report(AttemptEnded(Outcome.FAILED, exit_code))
    return Ended(EndedAs.FAILED, exit_code, number, text=error.message, hint=error.hint or "")
