"""What runs of an app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import ATTEMPT_SECONDS, QUERY_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.model.attempt import Attempt
from pushdeploy.model.ended import Ended
from pushdeploy.model.rights import Right
from pushdeploy.model.running import Running

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked
    from pushdeploy.model.settings import AppSettings


@dataclass(frozen=True, slots=True)
class Ps:
    """An app's processes, and how it does."""

    app: str
    release: str | None
    """The live one, `v12`."""
    branch: str
    """The deploy branch; empty until there is one."""
    web_concurrency: int
    """What web is told in `WEB_CONCURRENCY`."""
    commands: dict[str, str]
    """The live Procfile: each process type's command."""
    instances: tuple[Running, ...]
    maintenance: bool
    """Whether visitors get the maintenance page."""
    misfit: str | None
    """Why the live release can't be started again, when its Python is gone."""
    revived: tuple[float, ...]
    """When web of the live release hung and was restarted; seconds since the epoch."""
    last_attempt: Attempt | None


@verb("ps", Ps, right=Right.LOOK, seconds=QUERY_SECONDS)
def ps(asked: Asked) -> Ps:
    """What runs, and what the newest attempt came to."""
    from pushdeploy.deploy import fit
    from pushdeploy.deploy.instances import web_workers
    from pushdeploy.deploy.running import running

    records = asked.records()
    live, current, settings = records.live(), records.current(), records.settings()
    return Ps(
        app=asked.app,
        release=None if live is None else f"v{live}",
        branch=settings.branch,
        web_concurrency=web_workers(asked.machine, current, settings, records.environment()),
        commands={line.name: line.command for line in current.procfile.lines} if current else {},
        instances=tuple(running(asked.machine, records)),
        maintenance=records.place.maintenance.exists(),
        misfit=None if current is None else fit.misfit(asked.machine, current),
        revived=tuple(records.history().hang_restarts.get(live or 0, ())),
        last_attempt=max(records.attempts(), key=lambda one: one.number, default=None),
    )


@verb("ps.scale", Ended, right=Right.CONFIGURE, log=True, seconds=ATTEMPT_SECONDS)
def scale(asked: Asked, *, changes: tuple[str, ...]) -> Ended:
    """Have so many of each process type run: `changes` are words like `worker=2`."""
    from pushdeploy.deploy import change_release
    from pushdeploy.deploy.instances import refuse_scale
    from pushdeploy.model.formation import parse_scale
    from pushdeploy.model.release import Kind

    wanted = parse_scale(changes)
    refuse_scale(asked.records(), wanted)

    def scaled(before: AppSettings) -> AppSettings:
        return before.changed(formation=before.formation.scaled(wanted))

    change = change_release.Change(Kind.SCALE, f"Scale {' '.join(changes)}", settings=scaled)
    return change_release.change_release(
        asked.machine, asked.app, asked.session, change=change, who=asked.who
    )
