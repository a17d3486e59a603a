"""Whether an app without a domain answers under the server's address, as its visitors ask for it.

The health check asks for `localhost`; what Django's `ALLOWED_HOSTS` lacks it does not find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.events import Report, Warned
from pushdeploy.proxy import bare_address
from pushdeploy.system.address import is_reachable_from_afar
from pushdeploy.system.http import NoAnswerError, get

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.release import Release
    from pushdeploy.model.settings import AppSettings

BAD_REQUEST = 400
SECONDS = 2.0


def look_by_address(
    machine: Machine, release: Release, settings: AppSettings, report: Report
) -> None:
    """Say so when it refuses the address; one that visitors can't use is not tried."""
    first = release.checks[0]
    if settings.domains or first.listening:
        return
    host = (bare_address.url(machine, release.app) or "").removeprefix("http://")
    if not is_reachable_from_afar(host.strip("[]")):
        return
    headers = [("X-Forwarded-Proto", "https"), *first.http_headers]
    try:
        answer = get(settings.port, first.path, host=host, headers=headers, seconds=SECONDS)
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
