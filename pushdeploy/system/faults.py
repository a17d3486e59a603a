"""Named places where a test may strike: kill us, fill the disk, let time pass.

Nothing happens unless `PUSHDEPLOY_FAULT` is `<point>:<action>`, which only root can set for the
engine (`systemctl set-environment`).
"""

from __future__ import annotations

import errno
import os
import signal
import time
from enum import StrEnum

VARIABLE = "PUSHDEPLOY_FAULT"
SLEEP_SECONDS = 30.0


class Point(StrEnum):
    """Every step at which being killed or refused must do no harm, in their order."""

    ATTEMPT_NOTED = "attempt.noted"
    CHECKOUT_BEGUN = "checkout.begun"
    CHECKOUT_WRITTEN = "checkout.written"
    CHECKOUT_RENAMED = "checkout.renamed"
    BUILD_BEGUN = "build.begun"
    BUILD_INSTALLED = "build.installed"
    BUILD_COMPLETE = "build.complete"
    RELEASE_WRITTEN = "release.written"
    RELEASE_RENAMED = "release.renamed"
    RELEASE_PHASE_NOTED = "release_phase.noted"
    RELEASE_PHASE_DONE = "release_phase.done"
    WEB_APPLIED = "web.applied"
    WEB_STARTED = "web.started"
    WEB_HEALTHY = "web.healthy"
    SWITCH_INTENDED = "switch.intended"
    SWITCH_PREVIOUS = "switch.previous"
    SWITCH_RENAMED = "switch.renamed"
    FRONT_CHECKED = "front.checked"
    WORKERS_STOPPED = "workers.stopped"
    WORKERS_STARTED = "workers.started"
    SWITCH_SETTLED = "switch.settled"
    WARM_NOTED = "warm.noted"
    ATTEMPT_ENDED = "attempt.ended"
    TIDY_STOPPED = "tidy.stopped"
    PRUNE_RELEASE = "prune.release"
    PRUNE_UNNAMED = "prune.unnamed"
    SITE_SAVED = "site.saved"
    SITE_WRITTEN = "site.written"
    SITE_TESTED = "site.tested"
    CERTIFICATE_WRITTEN = "certificate.written"


class Action(StrEnum):
    """What happens there."""

    KILL = "kill"
    """SIGKILL to this process alone."""
    KILL_GROUP = "kill-group"
    """SIGKILL to its whole process group."""
    NO_SPACE = "no-space"
    INPUT_OUTPUT = "io-error"
    SLEEP = "sleep"


def reached(here: Point) -> None:
    """Strike, if a test asked for it here."""
    asked = os.environ.get(VARIABLE)
    if asked:
        where, _, action = asked.partition(":")
        if where == here:
            _strike(Action(action))


def asked() -> dict[str, str]:
    """The variable for a child process that gets a clean environment."""
    return {VARIABLE: os.environ[VARIABLE]} if VARIABLE in os.environ else {}


def _strike(action: Action) -> None:
    match action:
        case Action.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        case Action.KILL_GROUP:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        case Action.NO_SPACE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        case Action.INPUT_OUTPUT:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        case Action.SLEEP:
            time.sleep(SLEEP_SECONDS)
