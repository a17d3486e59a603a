"""Look: what is asked once a release serves, and only warned of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pushdeploy.deploy.health import front_seconds
from pushdeploy.events import Report, Warned
from pushdeploy.model.cause import Evidence
from pushdeploy.model.causes_of_place import refused
from pushdeploy.proxy import bare_address
from pushdeploy.system.address import is_reachable_from_afar
from pushdeploy.system.http import NoAnswerError, get

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.instance import Instance
    from pushdeploy.model.release import Release
    from pushdeploy.model.settings import AppSettings

PROXY_PORT = 80
PROXY_FAILURES = (502, 503, 504)

BAD_REQUEST = 400
ADDRESS_SECONDS = 2.0

QUEUE_LINES = 50
_CELERY = re.compile(r"\bcelery\b")
_CANNOT = "consumer: Cannot connect to "


def look_through_proxy(
    machine: Machine,
    release: Release,
    settings: AppSettings,
    report: Report,
    *,
    port: int = PROXY_PORT,
) -> None:
    """Say so when nginx does not pass requests on; that is its fault, not the release's."""
    if not machine.proxy.serves_domains:
        return
    if not settings.domains or settings.domains[0].startswith("*"):
        return
    first = release.checks[0]
    if first.listening:
        return
    try:
        answer = get(port, first.path, host=settings.domains[0], seconds=front_seconds(first))
    except NoAnswerError as error:
        trouble = f"nginx does not answer for {settings.domains[0]}: {error}"
    else:
        if answer.status not in PROXY_FAILURES:
            return
        trouble = f"nginx answers {answer.status} for {settings.domains[0]}"
    if machine.layout.app(release.app).maintenance.exists():
        return
    report(Warned(trouble, hint="sudo systemctl status nginx; pushdeploy reconcile"))


def look_by_address(
    machine: Machine, release: Release, settings: AppSettings, report: Report
) -> None:
    """Say so when an app without a domain refuses the server's address, by which visitors ask.

    The health check asks for `localhost`: what Django's `ALLOWED_HOSTS` lacks it does not find. An
    address that visitors can't use is not tried.
    """
    first = release.checks[0]
    if settings.domains or first.listening:
        return
    url = bare_address.url(machine, release.app)
    if url is None:
        return
    host = url.removeprefix("http://")
    if not is_reachable_from_afar(host.strip("[]")):
        return
    headers = [("X-Forwarded-Proto", "https"), *first.http_headers]
    try:
        answer = get(settings.port, first.path, host=host, headers=headers, seconds=ADDRESS_SECONDS)
    except NoAnswerError:
        return
    if answer.status == BAD_REQUEST:
        report(
            Warned(
                f"visitors of http://{host} get {answer.status} {answer.reason}: Django's "
                f"ALLOWED_HOSTS must list {host}",
                hint=f"pushdeploy config --app {release.app}",
            )
        )


def look_for_queue(
    machine: Machine, release: Release, started: Iterable[Instance], report: Report
) -> None:
    """Say so of the first Celery worker without its queue: it stays up, and only tries again."""
    lines = {line.name: line.command for line in release.procfile.lines}
    for one in started:
        if not _CELERY.search(lines.get(one.process_type, "")):
            continue
        output = [line for line in machine.supervisor.tail(one, QUEUE_LINES) if _CANNOT in line]
        cause = refused(Evidence(app=release.app, output="\n".join(output)))
        if cause is not None:
            report(Warned(f"{one.name} can't reach its queue. {cause.text}", hint=cause.hint))
            return
