"""Step output: what build steps print, to people and to us, and what is said when one failed."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pushdeploy.build.venv import BUILD_SECONDS, OUT_OF_MEMORY, OUT_OF_TASKS
from pushdeploy.errors import DeployFailedError
from pushdeploy.events import Report, StepOutput, StepStarted
from pushdeploy.model.instance import DEFAULT_MEMORY, DEFAULT_TASKS
from pushdeploy.model.step_failure import cause
from pushdeploy.model.step_said import Begun, Collected, NothingToCollect, said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.model.build_step import Step

KEPT_LINES = 60
"""Of what a step printed: a failure looks there for its cause."""


class Listener:
    """Hears what the steps print."""

    def __init__(self, steps: tuple[Step, ...], report: Report) -> None:
        self._steps, self._report = steps, report
        self.current = steps[0]
        self.collected: Collected | None = None
        self.last: deque[str] = deque(maxlen=KEPT_LINES)

    def __call__(self, line: str) -> None:
        """Take a line of output."""
        match said(line):
            case Begun(number=number) if 0 <= number < len(self._steps):
                self.current = self._steps[number]
                self.last.clear()
                self._report(StepStarted(self.current.shown))
            case Collected() as collected:
                self.collected = collected
            case NothingToCollect():
                self._report(
                    StepOutput("django.contrib.staticfiles is not installed: nothing to collect")
                )
            case _ if line.strip():
                self.last.append(line)
                self._report(StepOutput(line))

    @property
    def collecting(self) -> bool:
        """It is Django's `collectstatic` that runs, or ran last."""
        return "collectstatic" in self.current.shown


def failed(
    app: str, config: Mapping[str, str], listener: Listener, status: int, seconds: float
) -> DeployFailedError:
    """Why the step that ran last failed, which had these config vars.

    Nobody looks at it but the person who pushed.
    """
    shown = listener.current.shown
    if seconds >= BUILD_SECONDS:
        return DeployFailedError(
            f"`{shown}` was stopped after {BUILD_SECONDS / 60:.0f} minutes, its time limit",
            hint="make it faster, commit, and push again",
        )
    if status == OUT_OF_MEMORY:
        return DeployFailedError(
            f"`{shown}` was killed: it needed more than the {DEFAULT_MEMORY} of the server's "
            "memory that a build may use",
            hint="add memory, or make it need less; free -h",
        )
    if status == OUT_OF_TASKS:
        return DeployFailedError(
            f"`{shown}` tried to run more than {DEFAULT_TASKS} processes and threads at once",
            hint="fix what keeps forking, commit, and push again",
        )
    found = cause(
        "\n".join(listener.last),
        app,
        collecting=listener.collecting,
        config=config,
    )
    return DeployFailedError(
        f"`{shown}` failed with status {status}",
        report=() if found is None else (found.text,),
        hint="fix it, commit, and push again" if found is None else found.hint,
    )
