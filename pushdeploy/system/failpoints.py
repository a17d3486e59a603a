"""Named places where a test may strike: kill us, fail the disk, stop us to do worse from outside.

Nothing happens unless `PUSHDEPLOY_FAULT` is `<point>:<action>`, which only root can set for the
engine (`systemctl set-environment`).
"""

from __future__ import annotations

import errno
import os
import signal
from enum import StrEnum

VARIABLE = "PUSHDEPLOY_FAULT"


class Point(StrEnum):
    """Every step at which being killed or refused must do no harm, in their order."""

    INTENT_RESOLVED = "intent.resolved"
    ATTEMPTS_ENDED = "attempts.ended"
    JOBS_STOPPED = "jobs.stopped"
    ATTEMPT_NOTED = "attempt.noted"
    CHECKOUT_BEGUN = "checkout.begun"
    CHECKOUT_WRITTEN = "checkout.written"
    CHECKOUT_RENAMED = "checkout.renamed"
    CHECKOUT_DONE = "checkout.done"
    BUILD_BEGUN = "build.begun"
    BUILD_INSTALLED = "build.installed"
    BUILD_COMPLETE = "build.complete"
    BUILD_DONE = "build.done"
    BUILD_NOTED = "build.noted"
    STEPS_BEGUN = "steps.begun"
    STEPS_RUN = "steps.run"
    STEPS_SEALED = "steps.sealed"
    STEPS_DONE = "steps.done"
    RELEASE_NUMBERED = "release.numbered"
    STORAGE_MADE = "storage.made"
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
    SETTINGS_SAVED = "settings.saved"
    FRONT_OPENED = "front.opened"
    FRONT_CHECKED = "front.checked"
    WORKERS_STOPPED = "workers.stopped"
    WORKERS_APPLIED = "workers.applied"
    WORKERS_STARTED = "workers.started"
    SCHEDULES_APPLIED = "schedules.applied"
    SWITCH_CONFIRMED = "switch.confirmed"
    COLD_NOTED = "cold.noted"
    WARM_NOTED = "warm.noted"
    ATTEMPT_ENDED = "attempt.ended"
    SWITCH_UNDONE = "switch.undone"
    SWITCH_DROPPED = "switch.dropped"
    SETTINGS_RESTORED = "settings.restored"
    ATTEMPT_FAILED = "attempt.failed"
    CLEANUP_SEALED = "cleanup.sealed"
    WARM_ENDED = "warm.ended"
    CLEANUP_STOPPED = "cleanup.stopped"
    PRUNE_RELEASE = "prune.release"
    PRUNE_SLUGS = "prune.slugs"
    PRUNE_VENVS = "prune.venvs"
    PRUNE_UNFINISHED = "prune.unfinished"
    PRUNE_RUNS = "prune.runs"
    PRUNE_LOGS = "prune.logs"
    CLEANUP_WOKEN = "cleanup.woken"
    MISSING_FRONT = "missing.front"
    MISSING_STOPPED = "missing.stopped"
    MISSING_APPLIED = "missing.applied"
    MISSING_STARTED = "missing.started"
    REPAIR_STOPPED = "repair.stopped"
    REPAIR_APPLIED = "repair.applied"
    REPAIR_STARTED = "repair.started"
    BOOT_APPLIED = "boot.applied"
    BOOT_STARTED = "boot.started"
    BOOT_FRONT = "boot.front"
    APPS_SWEPT = "apps.swept"
    SITE_SAVED = "site.saved"
    SITE_ADDED = "site.added"
    SITE_WRITTEN = "site.written"
    SITE_TESTED = "site.tested"
    SITE_RELOADED = "site.reloaded"
    SITE_NOTED = "site.noted"
    CERTIFICATE_ISSUED = "certificate.issued"
    CERTIFICATE_SETTINGS = "certificate.settings"
    CERTIFICATE_WRITTEN = "certificate.written"
    CERTIFICATE_RELOADED = "certificate.reloaded"
    CERTIFICATE_RENEWED = "certificate.renewed"
    CERTIFICATE_FORGOTTEN = "certificate.forgotten"
    CERTIFICATE_DELETED = "certificate.deleted"
    BACKUP_PROTECTED = "backup.protected"
    BACKUP_KEY = "backup.key"
    BACKUP_MADE = "backup.made"
    BACKUP_SET = "backup.set"
    BACKUP_UNSET = "backup.unset"
    BACKUP_TIMER = "backup.timer"
    BACKUP_CHANGED = "backup.changed"
    BACKUP_PRUNED = "backup.pruned"
    BACKUP_STOPPED = "backup.stopped"
    BACKUP_BEGUN = "backup.begun"
    BACKUP_SERVER = "backup.server"
    BACKUP_NEEDS = "backup.needs"
    BACKUP_PAUSED = "backup.paused"
    BACKUP_COMMAND = "backup.command"
    BACKUP_DUMPED = "backup.dumped"
    BACKUP_COPIED = "backup.copied"
    BACKUP_COPIES_DELETED = "backup.copies_deleted"
    BACKUP_STAGED = "backup.staged"
    BACKUP_STORED = "backup.stored"
    BACKUP_SWEPT = "backup.swept"
    BACKUP_NOTED = "backup.noted"
    RESTORE_BEGUN = "restore.begun"
    RESTORE_INSTALLED = "restore.installed"
    RESTORE_READ = "restore.read"
    RESTORE_SETTINGS = "restore.settings"
    RESTORE_KEYS = "restore.keys"
    RESTORE_RECORDS = "restore.records"
    RESTORE_POINTED = "restore.pointed"
    RESTORE_ADAPTED = "restore.adapted"
    RESTORE_HELD = "restore.held"
    RESTORE_RENAMED = "restore.renamed"
    RESTORE_CERTIFICATE = "restore.certificate"
    RESTORE_SNIPPETS = "restore.snippets"
    RESTORE_BARE = "restore.bare"
    RESTORE_SWEPT = "restore.swept"
    RESTORE_OWNED = "restore.owned"
    RESTORE_DUMP = "restore.dump"
    RESTORE_LET_GO = "restore.let_go"
    RESTORE_DATABASES = "restore.databases"
    RESTORE_SERVED = "restore.served"


class Action(StrEnum):
    """What happens there."""

    KILL = "kill"
    """SIGKILL to this process alone."""
    KILL_GROUP = "kill-group"
    """SIGKILL to its whole process group."""
    NO_SPACE = "no-space"
    INPUT_OUTPUT = "io-error"
    """Stands still first, so that who asked for it knows that it came to that."""
    STOP = "stop"
    """SIGSTOP to this process alone: it waits until somebody goes on with it or kills it."""


def reached(here: Point) -> None:
    """Strike, if a test asked for it here; once, so that what is then done meets no other."""
    wanted = os.environ.get(VARIABLE)
    if wanted:
        where, _, action = wanted.partition(":")
        if where == here:
            del os.environ[VARIABLE]
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
            os.kill(os.getpid(), signal.SIGSTOP)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        case Action.STOP:
            os.kill(os.getpid(), signal.SIGSTOP)
