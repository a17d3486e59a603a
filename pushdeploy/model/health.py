"""The health check: which request asks a new release whether it is well, and which answer counts.

A release without a check of its own is asked for `/`, and 404 counts with a warning: an app need
not have a front page. A check that the app wrote counts only 2xx and 3xx.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus


class Verdict(StrEnum):
    """What one answer says about the release."""

    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One request over HTTP, repeated until it passes or the attempts are used up.

    `timeout`, `wait` (between attempts) and `initial_delay` are seconds. `content` must occur in
    the body. `explicit` is False for the check of an app that wrote none.
    The numbers that stand here are Dokku's, so that its `app.json` files mean the same here.
    """

    path: str = "/"
    attempts: int = 3
    timeout: float = 5
    wait: float = 5
    initial_delay: float = 0
    content: str | None = None
    http_headers: tuple[tuple[str, str], ...] = ()
    explicit: bool = True
    listening: bool = False
    """Whatever is answered will do, and on a port it is enough that somebody listens."""


DEFAULT_CHECK = HealthCheck(attempts=60, wait=0.5, explicit=False)
"""The check of an app that wrote none: asked often, so that a quick start is a quick deploy, and
given 30 s, in which nearly every app starts."""


def probe_headers(check: HealthCheck) -> tuple[tuple[str, str], ...]:
    """The headers of a probe, but `Host`."""
    ours = (("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "127.0.0.1"))
    return (*ours, ("User-Agent", "pushdeploy"), *check.http_headers)


def accepts(check: HealthCheck, status: int) -> Verdict:
    """What the status of an answer says; the body is another matter (`check.content`).

    A redirect passes and is not followed: it may lead away from the release that is asked.
    """
    if check.listening or HTTPStatus.OK <= status < HTTPStatus.BAD_REQUEST:
        return Verdict.PASS
    if status == HTTPStatus.NOT_FOUND and not check.explicit:
        return Verdict.WARN
    return Verdict.FAIL
