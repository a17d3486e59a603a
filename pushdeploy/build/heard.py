"""What a build prints: without what is secret, and remembered in case that it fails."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.errors import DeployFailedError
from pushdeploy.events import BuildOutput, Event, Report
from pushdeploy.model.index_settings import masked
from pushdeploy.model.outgrown import find_outgrown
from pushdeploy.model.python_version import PYTHON_VERSION
from pushdeploy.model.system_package import find_lack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.model.python_version import PythonVersion

KEPT_LINES = 400
"""Of the end: a compiler's complaint comes before what its callers make of it."""


NO_PKG_RESOURCES = "No module named 'pkg_resources'"


class Heard:
    """Passes events on, as a report, and knows the last lines of a build."""

    def __init__(self, report: Report, hidden: Iterable[str]) -> None:
        self._report, self._hidden = report, tuple(hidden)
        self._last: deque[str] = deque(maxlen=KEPT_LINES)

    def __call__(self, event: Event) -> None:
        """Pass it on, a line without what is secret."""
        if isinstance(event, BuildOutput):
            event = replace(event, line=masked(event.line, self._hidden))
            self._last.append(event.line)
        self._report(event)

    @property
    def wants_pkg_resources(self) -> bool:
        """A package could not be built since setuptools has it no more."""
        return any(NO_PKG_RESOURCES in line for line in self._last)

    def explained(
        self, error: DeployFailedError, running: PythonVersion, source: str
    ) -> DeployFailedError:
        """The failure with its cause, where the lines tell it: an old package, or a poor server."""
        old = find_outgrown(self._last, running)
        if old is not None:
            return DeployFailedError(
                f"`{old.package}` is too old for Python {running.major}.{running.minor}: it can't "
                "be built for it",
                hint=f"raise its version in {source}, or: echo {old.last} > {PYTHON_VERSION} && "
                f"git add {PYTHON_VERSION}; commit, and push again",
            )
        lack = find_lack(self._last)
        if lack is None:
            return error
        needs = (
            f"`{lack.needed_by}` is built here and needs" if lack.needed_by else "the build needs"
        )
        return DeployFailedError(
            f"{needs} `{lack.what}`, which this server lacks",
            hint=f"on the server: sudo apt-get install {lack.packages}; then push again",
        )
