"""The library apprise, which knows more than a hundred services by their URLs.

It takes half a second to import, and asks whoever answers at a URL: in the sender's process alone.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import apprise

from pushdeploy.model.notice import State
from pushdeploy.model.notice_text import body, title, words

if TYPE_CHECKING:
    from pushdeploy.model.notice import Notice

_ERROR = re.compile(r"\berror=(\d{3})\b")
"""How its log tells a status of HTTP; the rest of a line may hold what is secret."""

KINDS = {
    State.BEGUN: apprise.NotifyType.FAILURE,
    State.OVER: apprise.NotifyType.SUCCESS,
    State.NEWS: apprise.NotifyType.INFO,
}


class _Statuses(logging.Handler):
    """Keeps the statuses that are logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep its status."""
        self.found += _ERROR.findall(record.getMessage())


def send(url: str, notice: Notice, server: str) -> str:
    """Send it; returns what went wrong, in words, or nothing."""
    service = _service(url)
    if service is None:
        return wrong_address(url)
    statuses = _Statuses()
    log = logging.getLogger("apprise")
    log.addHandler(statuses)
    try:
        taken = service.notify(
            body=body(notice) or words(notice),
            title=title(notice, server),
            notify_type=KINDS[notice.state],
            body_format=apprise.NotifyFormat.TEXT,  # else `<module>` would be HTML for some
        )
    finally:
        log.removeHandler(statuses)
    if taken:
        return ""
    return f"it answered {statuses.found[-1]}" if statuses.found else "it did not accept the notice"


def wrong_address(url: str) -> str:
    """What is wrong with a URL; empty when it is the URL of a service."""
    if _service(url) is not None:
        return ""
    return f"Apprise knows no such `{url.partition(':')[0]}:` URL"


def _service(url: str) -> apprise.Apprise | None:
    logging.getLogger("apprise").propagate = False
    logging.getLogger("apprise").addHandler(logging.NullHandler())
    asset = apprise.AppriseAsset(app_id="pushdeploy", secure_logging=True, http_redirects=False)
    made = apprise.Apprise(asset=asset)
    return made if made.add(url) else None
