"""How a push ended: learned, or brought about when its hook could not. Imports little."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pushdeploy.cli.engine_link import connect, layout, who, with_log
from pushdeploy.cli.style import STEP, problem
from pushdeploy.cli.watch import Printer
from pushdeploy.engine.client import GoneError, ask
from pushdeploy.errors import DeployFailedError, LostEngineError, PushdeployError
from pushdeploy.model.attempt import Outcome
from pushdeploy.model.wire import plain
from pushdeploy.records.reader import facts, outcome_of_push

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.model.ended import Ended
    from pushdeploy.push.destination import Destination


class RetryPrinter(Printer):
    """Says, when a push brought nothing and yet something is deployed, what that is."""

    def __init__(self) -> None:
        sys.stderr.flush()
        super().__init__(2)

    def event(self, record: Mapping[str, Any]) -> bool:
        """One event of the attempt."""
        if record.get("event") == "attempt.started":
            self.show([f"{STEP}This push brought nothing new: trying the branch again"])
        return super().event(record)


def outcome_of(destination: Destination, pushed: str, printer: Printer) -> int:
    """Learn how the deploy ended, or start the one that is due; returns the push's exit status.

    Asked when nobody has told the person yet: the hook was killed, or none ran.
    """
    from pushdeploy.model.ended import EndedAs

    place = layout().app(destination.app)
    known = facts(place)
    branch = known.branch if known else ""
    attempt = outcome_of_push(place, branch, destination.after, pushed) if known else None
    if attempt is not None:
        return 0 if attempt.outcome is Outcome.LIVE else DeployFailedError.exit_code
    try:
        ended = ask(connect(), destination.request(pushed), who=who(), watcher=printer)
    except GoneError:
        return 1
    except LostEngineError as error:
        with_log(error)
        printer.show(problem(error.message, error.hint))
        return error.exit_code
    except PushdeployError as error:
        printer.show(problem(error.message, error.hint))
        return error.exit_code
    told_by_hook = ended.outcome is EndedAs.LEARNED and ended.exit_code != 0
    if ended.outcome is not EndedAs.NOTHING and not told_by_hook:
        say_end(ended, printer)
    return ended.exit_code


def say_end(ended: Ended, printer: Printer) -> None:
    """The last words of the push, by the engine's answer."""
    if ended.failure is not None:
        printer.event({"event": "attempt.failed", **plain(ended.failure)})
    else:
        printer.end(ended)
