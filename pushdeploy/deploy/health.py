"""Health: HTTP over the release's own socket, until it passes or the deadline ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.deploy.explain import explain, hint_of, wrong_port
from pushdeploy.deploy.listener import passed_over, refuse_listener
from pushdeploy.deploy.stuck import Stuck
from pushdeploy.errors import DeployFailedError
from pushdeploy.events import Report, Warned, WebHealthy, WebUnhealthy
from pushdeploy.model.cause import Cause
from pushdeploy.model.causes_of_django import is_final
from pushdeploy.model.excerpt import excerpt
from pushdeploy.model.health import HealthCheck, Verdict, accepts, probe_headers
from pushdeploy.model.instance import Instance, State, Status
from pushdeploy.model.log_line import Kept
from pushdeploy.model.web_line import advice
from pushdeploy.system.http import Answer, GaveUpError, NoAnswerError, get

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.release import Kind, Release

LONGEST_SECONDS = 3600.0
"""What app.json can ask for at most, all attempts of a check together."""

DEADLINE_SECONDS = 30.0
"""From the start of the process to a passed check, unless app.json asks for more."""

FRONT_SECONDS = 10.0
"""For one answer through the front, unless app.json gives its check longer."""

FIRST_PAUSE_SECONDS = 0.05
PAUSE_GROWTH = 1.6
LONGEST_PAUSE_SECONDS = 2.0

CRASHES = 2
"""So many restarts by the supervisor mean that the app can't start: why wait?"""

WATCH_SECONDS = 0.5
"""How often a waiting check looks whether the process has crashed."""

BODY_LINES = 8
"""What a failure shows of an answer."""

OUTPUT_LINES = 200
"""How much of the app's own output a failure looks at; it shows the telling part."""


WEB = "web"

PASSED_OVER = Cause(
    "It was given the release's socket, but listens on a port instead.",
    'app.json: {"pushdeploy": {"web": "port"}}, and listen on 127.0.0.1:$PORT',
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the last probe did not pass."""

    what: str
    body: tuple[str, ...] = ()
    status: int | None = None


def check(
    machine: Machine, release: Release, instance: Instance, report: Report, kind: Kind
) -> None:
    """Wait until every check of the release passes; `kind` is what makes it live.

    Raises:
        DeployFailedError: one did not; the report shows URL, status, body, the app's output.
    """
    began = machine.monotonic()
    for one in release.checks:
        answer = _pass(machine, release, instance, one, report, began=began, kind=kind)
        if accepts(one, answer.status) is Verdict.WARN:
            report(
                Warned(
                    f"GET {one.path} answered {answer.status}: treated as healthy, since "
                    "app.json has no health check",
                    hint='app.json: {"healthchecks": {"web": [{"path": "/healthz"}]}}',
                )
            )
        report(
            WebHealthy(
                release=release.number,
                url=one.path,
                status=answer.status,
                seconds=machine.monotonic() - began,
            )
        )


def probe(
    machine: Machine, address: Instance, one: HealthCheck, seconds: float
) -> Answer | Failure:
    """One probe of a web instance."""
    return _probe(machine, address, one, seconds, lambda: True)


def front_seconds(one: HealthCheck) -> float:
    """How long an answer to this check may take on its way through the front."""
    return max(FRONT_SECONDS, one.timeout)


def _pass(
    machine: Machine,
    release: Release,
    instance: Instance,
    one: HealthCheck,
    report: Report,
    *,
    began: float,
    kind: Kind,
) -> Answer:
    """Probe until an answer passes. Steps that grow; never a fixed sleep."""
    told = ""
    if one.initial_delay:
        machine.sleep(one.initial_delay)
    deadline = began + _patience(one)
    pause = FIRST_PAUSE_SECONDS
    alive = _watch(machine, instance)
    stuck = Stuck(machine, release, instance)
    while True:
        left = deadline - machine.monotonic()
        result = _probe(machine, instance, one, min(max(one.timeout, 0.1), max(left, 0.1)), alive)
        if instance.port is not None:
            refuse_listener(machine, release, instance.port)
        if isinstance(result, Answer):
            return result
        crashed = not alive()
        final = crashed or is_final(result.status, "\n".join(result.body))
        final = final or stuck.is_final(one, result.status)
        if not final and result.status is not None and result.what != told:
            told = result.what
            report(WebUnhealthy(release.number, told))
        if final or machine.monotonic() + pause > deadline:
            raise _failed(machine, release, instance, result, kind, crashed=crashed)
        machine.sleep(pause)
        pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE_SECONDS)


def _patience(one: HealthCheck) -> float:
    """Seconds: the deadline, or what app.json asks for if that is longer."""
    asked = min(LONGEST_SECONDS, one.initial_delay + one.attempts * (one.timeout + one.wait))
    return max(DEADLINE_SECONDS, asked) if one.explicit else DEADLINE_SECONDS


def _probe(
    machine: Machine,
    instance: Instance,
    one: HealthCheck,
    seconds: float,
    alive: Callable[[], bool],
) -> Answer | Failure:
    if instance.socket is None:
        return Failure("this process type has no socket")
    if one.listening and instance.port is not None:
        listens = machine.ports.listener(instance.port) is not None
        return Answer(0, "", "") if listens else Failure("nothing listens on $PORT")
    try:
        answer = get(
            instance.socket,
            one.path,
            host=machine.proxy_host(instance.app),
            headers=probe_headers(one),
            seconds=seconds,
            go_on=alive,
        )
    except NoAnswerError as error:
        return Failure(f"GET {one.path}: {error}")
    except GaveUpError:
        return Failure(f"GET {one.path}: the process ended before it answered")
    return _judge(one, answer)


def _judge(one: HealthCheck, answer: Answer) -> Answer | Failure:
    body = tuple(line[:200] for line in answer.body.splitlines()[:BODY_LINES])
    if accepts(one, answer.status) is Verdict.FAIL:
        return Failure(
            f"GET {one.path} answered {answer.status} {answer.reason}", body, answer.status
        )
    if one.content is not None and one.content not in answer.body:
        return Failure(f"GET {one.path} answered {answer.status} without `{one.content}`", body)
    return answer


def _watch(machine: Machine, instance: Instance) -> Callable[[], bool]:
    """A question that is cheap to ask often: does the process still stand a chance?"""
    asked = machine.monotonic()
    former: int | None = None
    answer = True

    def alive() -> bool:
        nonlocal asked, former, answer
        if answer and machine.monotonic() - asked >= WATCH_SECONDS:
            asked = machine.monotonic()
            status = _status(machine, instance)
            if former is None:
                former = status.restarts if status and status.state is State.UP else 0
            answer = not _crash_loops(status, former)
        return answer

    return alive


def _status(machine: Machine, instance: Instance) -> Status | None:
    statuses = machine.supervisor.statuses(instance.app)
    return next((one for one in statuses if one.unit == instance.unit), None)


def _crash_loops(status: Status | None, former: int) -> bool:
    """Whether it does, not counting `former` restarts: a warm process has a life behind it."""
    if status is None or status.state is State.DOWN:
        return True
    return status.restarts - former >= CRASHES


def silence(machine: Machine, instance: Instance) -> str:
    """What is said of an instance of which no output is there."""
    keeping = machine.supervisor.keeping()
    if keeping.kept is Kept.NOTHING:
        return f"The output of {instance.name} is not kept: {keeping.why}."
    return f"{instance.name} printed nothing."


def _failed(
    machine: Machine,
    release: Release,
    instance: Instance,
    failure: Failure,
    kind: Kind,
    *,
    crashed: bool,
) -> DeployFailedError:
    output = tuple(machine.supervisor.tail(instance, OUTPUT_LINES))
    reason = (
        f"the web process of v{release.number} exits as soon as it starts"
        if crashed
        else f"v{release.number} is not healthy: {failure.what}"
    )
    text = "\n".join((*failure.body, *output))
    cause = (None if crashed else wrong_port(machine, release, instance)) or explain(
        machine,
        release,
        WEB,
        (*failure.body, *output),
        status=failure.status,
        body="\n".join(failure.body),
        ended=crashed,
    )
    if cause is None and not crashed and passed_over(machine, release, instance):
        cause = PASSED_OVER
    report: list[str] = [] if cause is None else [*cause.lines]
    if failure.body and not crashed:
        report += ["The answer begins:", *(f"  {line}" for line in failure.body)]
    if output:
        report.append(f"Last output of {instance.name}:")
        report += [f"  {line}" for line in excerpt(output)]
    else:
        report.append(silence(machine, instance))
    hint = hint_of(cause, kind, release.app, advice(release.procfile.web.command, text))
    if cause is None and output:
        hint = f"{hint}; see also: pushdeploy logs --app {release.app}"
    return DeployFailedError(reason, report=tuple(report), hint=hint)
