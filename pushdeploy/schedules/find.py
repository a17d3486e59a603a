"""Find: which job of the live release is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import NotFoundError
from pushdeploy.model.text import quoted

if TYPE_CHECKING:
    from pushdeploy.model.cron_job import CronJob
    from pushdeploy.records.app_records import AppRecords


def find_job(records: AppRecords, named: str) -> CronJob:
    """The job of this name, or at this place of the list, from 1.

    Raises:
        NotFoundError: the live release has none.
    """
    current, app = records.current(), records.place.name
    jobs = () if current is None else current.cron
    for place, job in enumerate(jobs, start=1):
        if named in (job.name, str(place)):
            return job
    there = ", ".join(job.name for job in jobs)
    has = f"it has: {there}" if there else "its app.json has no `cron`"
    raise NotFoundError(
        f"`{app}` has no job {quoted(named)}; {has}", hint=f"pushdeploy cron --app {app}"
    )
