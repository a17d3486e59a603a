"""Commands that start an attempt: seen as it goes, or told in one line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pushdeploy.cli import style
from pushdeploy.cli.output import say
from pushdeploy.cli.watch import Printer, Quiet, stderr
from pushdeploy.engine.client import GoneError
from pushdeploy.errors import INTERRUPTED, NotFoundError, PushdeployError, UsageError
from pushdeploy.model.ended import Ended, EndedAs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pushdeploy.cli.target import Local
    from pushdeploy.engine.registry import Request

GONE = 141
"""128 + SIGPIPE: nobody reads what we say."""

STARTED = "attempt.started"

GOES_ON = "You stopped watching; the server carries on."


@contextmanager
def carrying_on(hint: str) -> Iterator[None]:
    """Whoever leaves is told that the server carries on, and by what they see how it ends."""
    try:
        yield
    except KeyboardInterrupt:
        say("", *style.problem(GOES_ON, hint))
        raise


def follow(target: Local, request: Request[Ended]) -> int:
    """Start an attempt and show its events; returns the exit status."""
    printer = stderr()
    ended = _ask(target, request, printer)
    if isinstance(ended, int):
        return ended
    printer.end(ended)
    return ended.exit_code


def briefly(
    target: Local, doing: str, restarting: str, request: Request[Ended], *, stay: bool = False
) -> int:
    """Start an attempt and tell it in two lines, before and after; returns the exit status.

    Args:
        target: where the engine is.
        doing: `Setting SECRET_KEY`.
        restarting: `and restarting blog`, which is left out when nothing runs yet.
        request: what the engine is asked for.
        stay: wait for what the engine does after the attempt, too.
    """
    teller = Teller(stderr(), f"{doing} {restarting}")
    try:
        ended = _ask(target, request, teller, stay=stay)
    except (NotFoundError, UsageError):  # nothing was begun
        raise
    except PushdeployError:
        teller.finish(f"{doing}... failed, nothing changed")
        raise
    if isinstance(ended, int):
        return ended
    match ended.outcome:
        case EndedAs.LIVE:
            teller.finish(f"{doing} {restarting}... done, v{ended.release}")
        case EndedAs.RECORDED:
            teller.finish(f"{doing}... done; {ended.text}")
        case EndedAs.NOTHING:
            teller.finish(f"{doing}... {ended.text}")
        case _:
            teller.finish(f"{doing} {restarting}... failed, nothing changed")
            teller.end(ended)
    return ended.exit_code


def _ask(
    target: Local, request: Request[Ended], watcher: Printer, *, stay: bool = False
) -> Ended | int:
    """How the attempt ended, or an exit status when the person left."""
    try:
        return target.engine(request, watcher=watcher, stay=stay)
    except GoneError:
        return GONE
    except KeyboardInterrupt:
        hint = f"pushdeploy releases --app {request.told['app']}"
        watcher.show(["", *style.problem(GOES_ON, hint)])
        return INTERRUPTED


class Teller(Printer):
    """Keeps quiet about an attempt, except for warnings and the reason of a failure."""

    def __init__(self, printer: Printer, doing: str, quiet: Quiet | None = None) -> None:
        self._told = False
        self._quiet = quiet or Quiet()
        self._printer = printer
        self._heading: list[str] = [f"{style.STEP}{doing.strip()}"]
        self._kept: list[str] = []

    def show(self, text: Iterable[str]) -> bool:
        """Let it be seen."""
        return self._printer.show(text)

    def idle(self) -> bool:
        """What is waited for stands below what it belongs to."""
        line = self._quiet.line()
        if line is None:
            return True
        return self._name() and self.show([line])

    def _name(self) -> bool:
        """Say once what is being done, before anybody waits for it."""
        heading, self._heading = self._heading, []
        return self.show(heading)

    def event(self, record: Mapping[str, Any]) -> bool:
        """Keep what a person must know."""
        self._quiet.heard(record)
        named = self._name() if record.get("event") == STARTED else True
        from pushdeploy.cli import console  # slow, while the engine works
        from pushdeploy.events import AttemptFailed, Warned, from_record

        event = from_record(record)
        self._told = self._told or isinstance(event, AttemptFailed)
        if isinstance(event, Warned | AttemptFailed):
            self._kept += console.lines(event)
        return named

    def finish(self, sentence: str) -> None:
        """The line, then what was kept: the reason stands last."""
        self._printer.show([sentence, *self._kept])
