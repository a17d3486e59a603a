"""The live code again, for the Python that the server has now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import ATTEMPT_SECONDS, QUERY_SECONDS
from pushdeploy.engine.registry import App, verb
from pushdeploy.errors import NotFoundError
from pushdeploy.model.ended import Ended
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class AppPython:
    """The Python of an app's live release."""

    app: str
    release: str
    python: str
    """What its venv was made with: `3.11.2`; empty when the release has lost its record."""
    interpreter: str
    """Where that is."""
    misfit: str | None
    """Why it can't be started any more."""
    server_python: str | None
    """What an app gets that asks for no version."""

    @property
    def fits(self) -> bool:
        """The venv still has its Python."""
        return self.misfit is None


@dataclass(frozen=True, slots=True)
class Pythons:
    """Of each app that is live, or of one."""

    apps: tuple[AppPython, ...]


@verb("rebuild.check", Pythons, right=Right.LOOK, app=App.OPTIONAL, seconds=QUERY_SECONDS)
def check(asked: Asked) -> Pythons:
    """Tell whether venvs still have their Python."""
    from pushdeploy.deploy import fit
    from pushdeploy.records.app_records import AppRecords, app_names, read_release_or_none
    from pushdeploy.system import pythons

    machine, found = asked.machine, []
    own = pythons.running(machine.server_python)
    for app in [asked.app] if asked.app else app_names(machine.layout.apps):
        records = AppRecords(machine.layout.app(app))
        records.settings()
        live = records.live()
        if live is not None:
            current = read_release_or_none(records, live)
            found.append(
                AppPython(
                    app=app,
                    release=f"v{live}",
                    python=current.python if current else "",
                    interpreter=current.interpreter if current else "",
                    misfit=fit.live_misfit(machine, records),
                    server_python=str(own.version) if own else None,
                )
            )
    return Pythons(tuple(found))


@verb("rebuild", Ended, right=Right.DEPLOY, log=True, seconds=ATTEMPT_SECONDS)
def rebuild(asked: Asked) -> Ended:
    """Make a release of the live code with a new venv."""
    from pushdeploy.deploy.change_release import Change, change_release
    from pushdeploy.model.refname import push_command
    from pushdeploy.model.release import Kind

    records = asked.records()
    if records.live() is None and records.history().live is None:
        hint = push_command(records.settings().branch)
        raise NotFoundError(f"nothing of `{asked.app}` is live yet", hint=hint)
    change = Change(Kind.REBUILD, "Rebuild", fresh=True)
    return change_release(asked.machine, asked.app, asked.session, change=change, who=asked.who)
