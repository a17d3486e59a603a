"""Scale: what the live release can have more or fewer of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy.instances import workers_by_config_var
from pushdeploy.errors import NotFoundError
from pushdeploy.model.scaling import refuse_without_effect

if TYPE_CHECKING:
    from pushdeploy.model.formation import Change
    from pushdeploy.records.app_records import AppRecords


def refuse_scale(records: AppRecords, changes: tuple[Change, ...]) -> None:
    """See that the live Procfile has what is to be scaled, and that it can be.

    Raises:
        NotFoundError: it has no such process type.
        UsageError: something else decides how many workers web has.
    """
    current = records.current()
    if current is None:
        return
    types = [line.name for line in current.procfile.lines if line.name != "release"]
    for change in changes:
        if change.name not in types:
            raise NotFoundError(
                f"the Procfile of `{current.app}` has no `{change.name}`; "
                f"it has: {', '.join(types)}",
                hint=f"pushdeploy ps --app {current.app}",
            )
    line = next((one.command for one in current.procfile.lines if one.name == "web"), "")
    refuse_without_effect(line, changes, workers_by_config_var(records.environment()))
