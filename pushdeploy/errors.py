"""The root of every error raised on purpose; each has a hint and an exit code.

There is one class per thing that a caller treats differently; one that is between a module and its
callers stands in that module. The message says what happened, with the value in backticks; the hint
is the next command to type.
"""

from __future__ import annotations

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 + SIGINT, as shells count."""

OUR_BUG = 70
"""That of a mistake of ours: `EX_SOFTWARE` of sysexits.h."""


class PushdeployError(Exception):
    """The root: something a person can act on."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(PushdeployError):
    """The command was written wrongly: a bad name, a bad value, an unknown option."""

    exit_code = 2


class RefusedInputError(PushdeployError):
    """A file of the pushed tree, or a value, does not follow its grammar."""

    exit_code = 3


class NotFoundError(PushdeployError):
    """The app, release, key or config var that was named does not exist."""

    exit_code = 4


class NotAllowedError(PushdeployError):
    """The caller may not do this."""

    exit_code = 5


class BusyError(PushdeployError):
    """Another deploy of the same app holds the lock for longer than we wait."""

    exit_code = 6


class DeployFailedError(PushdeployError):
    """A deploy or rollback failed; the release that was live still serves.

    `report` holds further lines for the person: the probe, the app's own last output.
    """

    exit_code = 7

    def __init__(
        self, message: str, *, hint: str | None = None, report: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.report = report


class PortTakenError(DeployFailedError):
    """Somebody else listens on the port that a release was given."""


class NothingToRollBackToError(PushdeployError):
    """No release was live before this one, or the one named is gone."""

    exit_code = 8


class UnavailableError(PushdeployError):
    """The engine, the supervisor or another part of the server does not answer."""

    exit_code = 69


class LostEngineError(UnavailableError):
    """The engine took a request and ended without an answer; whoever has to know asks again."""


class CommandFailedError(PushdeployError):
    """A program that we ran exited with an error.

    `output` is what it printed, newest last, capped.
    """

    exit_code = OUR_BUG

    def __init__(
        self, message: str, *, status: int, output: str = "", hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.output = output
