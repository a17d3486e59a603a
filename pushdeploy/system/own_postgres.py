"""The person's own PostgreSQL, by the tools on PATH: psql(1), pg_dump(1), pg_restore(1)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from pushdeploy.errors import CommandFailedError, NotFoundError, UnavailableError
from pushdeploy.system import command, postgres
from pushdeploy.system.command import Command
from pushdeploy.system.postgres import literal, quoted_name

# ruff: noqa: S608 - psql has no parameters; what stands in a statement is quoted

PSQL, DUMP, RESTORE = (Path(one).name for one in (postgres.PSQL, postgres.DUMP, postgres.RESTORE))

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
"""Of a database, and nothing else that psql would take in its place, such as an address."""

VERSION = re.compile(r"[a-z_]{1,20} \(PostgreSQL\) ([0-9]{1,3})[^0-9][\s\S]*")

CONTENT = """
SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
"""How many tables and the like, without those of extensions."""

NO_ROLE = re.compile(r'role "[^"]*" does not exist$')
"""Debian's PostgreSQL knows `postgres` alone until somebody else is let in."""

LET_IN = "sudo -u postgres createuser --createdb $USER"

FEW_SECONDS = 30.0


def require() -> int:
    """See that the tools are here; returns their version, `15`.

    Raises:
        UnavailableError: they are not.
    """
    for tool in (PSQL, DUMP, RESTORE):
        if shutil.which(tool) is None:
            raise UnavailableError(
                f"`{tool}` is not installed on this machine",
                hint="sudo apt-get install postgresql-client; on a Mac: brew install libpq",
            )
    said = command.run(Command([DUMP, "--version"]), seconds=FEW_SECONDS).stdout
    found = VERSION.fullmatch(said)
    if found is None:
        raise UnavailableError(f"`{DUMP} --version` says no version", hint=f"{DUMP} --version")
    return int(found[1])


def content(database: str) -> int | None:
    """How many tables and the like a database has; `None` when it is not there.

    Raises:
        UnavailableError: PostgreSQL does not answer.
        NotFoundError: there is no database at an address.
    """
    if NAME.fullmatch(database):
        wanted = f"SELECT 1 FROM pg_database WHERE datname = {literal(database)}"
        if _ask(wanted, "postgres") != "1":
            return None
    return int(_ask(CONTENT, database))


def create(database: str) -> None:
    """Make an empty one."""
    _ask(f"CREATE DATABASE {quoted_name(database)}", "postgres")


def drop(database: str) -> None:
    """Delete it, if it is there."""
    _ask(f"DROP DATABASE IF EXISTS {quoted_name(database)}", "postgres")


def dump(database: str) -> Command:
    """Prints it in PostgreSQL's custom format."""
    words = ("--format=custom", "--no-owner", "--no-privileges")
    return Command([DUMP, *words, f"--dbname={database}"])


def restore(database: str, *, replace: bool) -> Command:
    """Reads one from stdin, all of it or nothing; may `replace` what is there."""
    words = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    words += ["--clean", "--if-exists"] if replace else []
    return Command([RESTORE, *words, f"--dbname={database}"])


def _ask(statement: str, database: str) -> str:
    line = [PSQL, "--no-psqlrc", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]
    line += [f"--dbname={database}", f"--command={statement}"]
    try:
        return command.run(Command(line), seconds=FEW_SECONDS).stdout.strip()
    except CommandFailedError as error:
        last = error.output.splitlines()[-1] if error.output else str(error)
        kind = NotFoundError if "does not exist" in last else UnavailableError
        hint = LET_IN if NO_ROLE.search(last) else "psql --list"
        raise kind(f"PostgreSQL on this machine: {last}", hint=hint) from error
