"""The account of what was done, a line each; what could not be done is a line of its own class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy.attempt import refused_by_disk
from pushdeploy.errors import PushdeployError
from pushdeploy.model.failed import Failed, placed
from pushdeploy.system import log

if TYPE_CHECKING:
    from collections.abc import Callable


def failed(error: Exception, where: str = "") -> Failed:
    """In words; of our own bug the traceback goes to the engine's records."""
    known = error if isinstance(error, PushdeployError) else refused_by_disk(error)
    if known is not None:
        return Failed(f"{where}{known.message}")
    log.bug(error)
    return Failed(f"{where}pushdeploy itself failed: {error!r}")


def told(look: Callable[[], list[str]], where: str = "") -> list[str]:
    """What was done, or that it failed, which is no reason to leave out what comes next."""
    try:
        return [placed(did, where) for did in look()]
    except Exception as error:  # noqa: BLE001 - an app may run all the same
        return [failed(error, where)]
