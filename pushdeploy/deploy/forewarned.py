"""An attempt whose asker is told of a trouble first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.events import Warned

if TYPE_CHECKING:
    from pushdeploy.deploy.attempt import Audience
    from pushdeploy.errors import PushdeployError
    from pushdeploy.events import Report
    from pushdeploy.system.locks import Holder


@dataclass(frozen=True, slots=True)
class Forewarned:
    """An audience that is told of a trouble first."""

    audience: Audience
    trouble: PushdeployError

    def waiting(self, holder: Holder) -> None:
        """Another attempt is under way."""
        self.audience.waiting(holder)

    def begin(self, app: str, attempt: int) -> Report:
        """The attempt has its number."""
        report = self.audience.begin(app, attempt)
        report(Warned(self.trouble.message, self.trouble.hint or ""))
        return report
