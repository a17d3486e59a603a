"""An app's PostgreSQL database: made, told to the app by a release, looked at, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.databases import told
from pushdeploy.databases.client import psql
from pushdeploy.errors import UnavailableError
from pushdeploy.model.database import Database, postgres_name
from pushdeploy.model.ended import Ended, EndedAs

if TYPE_CHECKING:
    from pushdeploy.deploy.attempt import Audience
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.database import PostgresFacts

KIND = Database.POSTGRES


def create(machine: Machine, app: str, audience: Audience, *, variable: str, who: str) -> Ended:
    """Make the app's database, or what is missing of it, and tell the app where it is.

    Args:
        machine: this one.
        app: its name.
        audience: who is told.
        variable: the config var for its address.
        who: asks for it.

    Raises:
        UsageError: the config var has another value already.
        UnavailableError: PostgreSQL is not here, or does not let the app in.
    """
    told.refuse_taken(machine, app, KIND, variable)
    require(machine)
    ensure(machine, app)
    return told.tell(machine, app, audience, KIND, variable=variable, who=who)


def ensure(machine: Machine, app: str) -> None:
    """Note it, make role and database, or what is missing of them; see that the app is let in.

    Raises:
        UnavailableError: it is not.
    """
    told.note(machine, app, KIND)
    machine.postgres.ensure(postgres_name(app))
    said: list[str] = []
    job = psql(machine, app, ("--no-psqlrc", "--quiet", "--command=SELECT 1"))
    if machine.supervisor.once(job, said.append) != 0:
        raise UnavailableError(
            f"PostgreSQL does not let `{postgres_name(app)}` in: {said[-1] if said else 'no word'}",
            hint="sudo grep local /etc/postgresql/*/main/pg_hba.conf; it needs: local all all peer",
        )


def require(machine: Machine) -> None:
    """See that PostgreSQL is here.

    Raises:
        UnavailableError: it is not.
    """
    if not machine.postgres.is_installed():
        raise UnavailableError("PostgreSQL is not installed", hint="pushdeploy pg:create --yes")


def facts(machine: Machine, app: str) -> PostgresFacts:
    """How the app's database stands."""
    told.require(machine, app, KIND)
    require(machine)
    return machine.postgres.facts(postgres_name(app))


def destroy(machine: Machine, app: str, audience: Audience, *, who: str, force: bool) -> Ended:
    """Unset the config vars that name it, and delete the database once the app does without it.

    Args:
        machine: this one.
        app: its name.
        audience: who is told.
        who: asks for it.
        force: delete it although the app may still use it, and leave the config vars.

    Returns:
        How the release without the config vars ended; unless it went well, nothing was deleted.
    """
    told.require(machine, app, KIND)
    ended = Ended(EndedAs.NOTHING, 0, text="done")
    if not force:
        ended = told.take_back(machine, app, audience, KIND, who=who)
    if ended.outcome in told.WELL:
        if machine.postgres.is_installed():
            machine.postgres.drop(postgres_name(app))
        told.forget(machine, app, KIND)
    return ended
