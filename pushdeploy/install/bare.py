"""The installer's words about the bare address: only what was just seen there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pushdeploy.proxy import bare_address
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system.http import NoAnswerError, get

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine

PORT = 80
SECONDS = 10.0
SERVER_ERROR = 500


def bare_lines(machine: Machine, *, port: int = PORT) -> list[str]:
    """What visitors get who name no domain, asked for now; nothing when it is another site's."""
    app = bare_address.shown(machine)
    url = None if app is None else bare_address.url(machine, app)
    if app is None or url is None:
        return []
    return [
        _found(machine, url, app, port),
        "Another app there, or none: pushdeploy bare:set, pushdeploy bare:unset",
    ]


def _found(machine: Machine, url: str, app: str, port: int) -> str:
    if AppRecords(machine.layout.app(app)).live() is None:
        return f"{url} will show {app}, as will every name that no app has, after the first push."
    try:
        status = get(port, "/", host=urlsplit(url).netloc, seconds=SECONDS).status
    except NoAnswerError as error:
        return f"{url} should show {app}, but does not answer: {error}"
    if status >= SERVER_ERROR:
        return f"{url} should show {app}, but answers {status} now. See: pushdeploy ps {app}"
    return f"{url} shows {app}, as does every name that no app has."
