"""Cutover: workers change over, and a probe through the front reaches the new release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.apps.hogs import stop_squatter
from pushdeploy.deploy import instances
from pushdeploy.deploy.explain import explain, hint_of
from pushdeploy.deploy.health import OUTPUT_LINES, Failure, front_seconds, probe, silence
from pushdeploy.deploy.look import look_by_address, look_for_queue, look_through_proxy
from pushdeploy.errors import CommandFailedError, DeployFailedError
from pushdeploy.events import Report, Warned, WebStayedUp, WorkersChanged
from pushdeploy.model.excerpt import excerpt
from pushdeploy.model.health import Verdict, accepts
from pushdeploy.model.instance import Instance, State, Status
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.http import NoAnswerError, get

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.cause import Cause
    from pushdeploy.model.release import Kind, Release
    from pushdeploy.model.settings import AppSettings

STAY_UP_SECONDS = 3.0
"""A worker that lives so long has read its configuration and found its queue; a web process that
does so after its check does more than answer once."""

LONGEST_WATCH_SECONDS = 30.0
"""For workers, however long web took to boot."""

LOOK_SECONDS = 0.25


def cut_over(
    machine: Machine,
    release: Release,
    settings: AppSettings,
    report: Report,
    kind: Kind,
    *,
    healthy: float | None,
    boot_seconds: float = 0.0,
) -> None:
    """Complete a switch.

    Args:
        machine: this one.
        release: the release that `current` names.
        settings: the app's.
        report: who is told.
        kind: what makes it live.
        healthy: when web passed its check, if it was started for this switch; one that has run for
            longer has proven that it stays up.
        boot_seconds: how long web took until then; workers import the same code, and one that
            fails at the end of that should fail before it is said to be up.

    Raises:
        DeployFailedError: web or a worker does not stay up, or the front does not reach the
            release.
    """
    if release.procfile.has_web:
        check_front(machine, release, settings, report)
        reached(Point.FRONT_CHECKED)
        look_through_proxy(machine, release, settings, report)
        look_by_address(machine, release, settings, report)
    watched = min(LONGEST_WATCH_SECONDS, max(STAY_UP_SECONDS, boot_seconds + 1))
    change_workers(machine, release, settings, report, kind, watched)
    if healthy is not None:
        web_stays_up(machine, release, settings, report, healthy, kind)


def change_workers(
    machine: Machine,
    release: Release,
    settings: AppSettings,
    report: Report,
    kind: Kind,
    seconds: float = STAY_UP_SECONDS,
) -> None:
    """Old workers stop, then new ones start, and stay up for so long: no job is run by two."""
    new = instances.workers(machine, release, settings)
    old = instances.stale_workers(machine.supervisor.statuses(release.app), new)
    if old:
        machine.supervisor.forget(release.app, [one.unit for one in old])
    reached(Point.WORKERS_STOPPED)
    if new:
        machine.supervisor.apply(new)
        reached(Point.WORKERS_APPLIED)
        machine.supervisor.start(new)
        reached(Point.WORKERS_STARTED)
        _stay_up(machine, release, new, kind, seconds)
        report(WorkersChanged(tuple(one.name for one in new)))
        look_for_queue(machine, release, new, report)


def _stay_up(
    machine: Machine, release: Release, started: list[Instance], kind: Kind, seconds: float
) -> None:
    end = machine.monotonic() + seconds
    units = {one.unit: one for one in started}
    while machine.monotonic() < end:
        machine.sleep(LOOK_SECONDS)
        for status in machine.supervisor.statuses(started[0].app):
            fallen = status.restarts or status.state in (State.CRASHED, State.DOWN)
            if status.unit in units and fallen:
                raise _worker_fell(machine, release, units[status.unit], kind, seconds)


def web_stays_up(
    machine: Machine,
    release: Release,
    settings: AppSettings,
    report: Report,
    healthy: float,
    kind: Kind,
) -> None:
    """Watch web for as long as workers are watched, from its passed check on.

    Raises:
        DeployFailedError: it ended, or answers no more.
    """
    web = instances.web(machine, release, settings)
    last = False
    while not last:
        last = machine.now() >= healthy + STAY_UP_SECONDS
        statuses = machine.supervisor.statuses(release.app)
        status = next((one for one in statuses if one.unit == web.unit), None)
        if status is None or _has_ended_since(status, healthy):
            raise _web_fell(machine, release, web, kind, "ended")
        if not last:
            machine.sleep(LOOK_SECONDS)
    first = release.checks[0]
    found = probe(machine, web, first, front_seconds(first))
    if isinstance(found, Failure):
        raise _web_fell(machine, release, web, kind, f"no longer answers ({found.what})")
    report(WebStayedUp(web.name, STAY_UP_SECONDS))


def _has_ended_since(status: Status, healthy: float) -> bool:
    """What ended before it was healthy, and was restarted, has passed its check since."""
    if status.state in (State.CRASHED, State.DOWN):
        return True
    return bool(status.restarts) and status.since is not None and status.since > healthy


def _web_fell(
    machine: Machine, release: Release, web: Instance, kind: Kind, what: str
) -> DeployFailedError:
    output = machine.supervisor.tail(web, OUTPUT_LINES)
    cause = explain(machine, release, "web", output)
    again = hint_of(cause, kind, release.app)
    return DeployFailedError(
        f"the web process of v{release.number} passed its check and {what} "
        f"within {STAY_UP_SECONDS:.0f} s",
        report=_shown(machine, web, output, cause),
        hint=again if cause else f"{again}; see also: pushdeploy logs --app {release.app}",
    )


def _worker_fell(
    machine: Machine, release: Release, instance: Instance, kind: Kind, seconds: float
) -> DeployFailedError:
    output = machine.supervisor.tail(instance, OUTPUT_LINES)
    cause = explain(machine, release, instance.process_type, output)
    fix = (
        "fix its line in the Procfile, or the code, and push again; if it is not to run all the "
        f"time: pushdeploy ps:scale {instance.process_type}=0 --app {instance.app}"
    )
    return DeployFailedError(
        f"`{instance.name}` of v{instance.release} did not stay up for {seconds:.0f} s",
        report=_shown(machine, instance, output, cause),
        hint=hint_of(cause, kind, instance.app, fix),
    )


def _shown(
    machine: Machine, instance: Instance, output: list[str], cause: Cause | None
) -> tuple[str, ...]:
    """The cause first, then what it printed."""
    first = () if cause is None else cause.lines
    lines = excerpt(output)
    if not lines:
        return (*first, silence(machine, instance))
    return (*first, f"Last output of {instance.name}:", *(f"  {line}" for line in lines))


def check_front(machine: Machine, release: Release, settings: AppSettings, report: Report) -> None:
    """The app's port is ours and answers with the release that `current` names.

    A server that was left over on the port would say 200 too, so the listener is looked at first.

    Raises:
        DeployFailedError: somebody else has the port, or it does not answer as the socket does.
    """
    place = machine.layout.app(release.app)
    _open_front(machine, release, settings, report)
    if place.live_socket.resolve() != place.web_socket(release.number).resolve():
        raise DeployFailedError(
            f"the live socket leads to `{place.live_socket.resolve()}`, not to v{release.number}",
            hint="pushdeploy reconcile",
        )
    first = release.checks[0]
    if first.listening:
        return
    try:
        answer = get(
            settings.port,
            first.path,
            host=machine.proxy_host(release.app),
            headers=[("X-Forwarded-Proto", "https"), *first.http_headers],
            seconds=front_seconds(first),
        )
    except NoAnswerError as error:
        raise DeployFailedError(
            f"http://127.0.0.1:{settings.port}{first.path} does not answer: {error}",
            hint="pushdeploy reconcile",
        ) from error
    if accepts(first, answer.status) is Verdict.FAIL:
        raise DeployFailedError(
            f"http://127.0.0.1:{settings.port}{first.path} answered {answer.status}, "
            "although the release's own socket passed",
            hint=f"pushdeploy logs --app {release.app}",
        )


def _open_front(machine: Machine, release: Release, settings: AppSettings, report: Report) -> None:
    """Once more, when it was an app that had the port; that is stopped."""
    live_socket = machine.layout.app(release.app).live_socket
    try:
        machine.supervisor.open_front(release.app, settings.port, live_socket)
    except CommandFailedError as error:
        did = stop_squatter(machine, settings.port, release.app)
        if did is None:
            raise _port_taken(machine, release, settings) from error
        report(Warned(did, hint="ss -ltnp"))
        try:
            machine.supervisor.open_front(release.app, settings.port, live_socket)
        except CommandFailedError as again:
            raise _port_taken(machine, release, settings) from again
    reached(Point.FRONT_OPENED)


def _port_taken(machine: Machine, release: Release, settings: AppSettings) -> DeployFailedError:
    by = machine.ports.holder(settings.port) or "somebody"
    return DeployFailedError(
        f"port {settings.port} of `{release.app}` is taken by {by}",
        hint=f"stop it, then: pushdeploy deploy --app {release.app}",
    )
