"""`rebuild`: the live code again, with a venv for the Python that the server has now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pushdeploy.cli.attempts import follow
from pushdeploy.cli.command import App, command, json_option
from pushdeploy.cli.output import say, show_json, show_table
from pushdeploy.errors import UnavailableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.cli.side import Near

COLUMNS = ("App", "Release", "Python", "State")
KEYS = ("app", "release", "python", "interpreter", "fits", "misfit", "server_python")


@command("rebuild", example="pushdeploy rebuild --all", app=App.OPTIONAL)
@click.option("--all", "everything", is_flag=True, help="Every app, one after another.")
@click.option("--check", is_flag=True, help="Change nothing; list the apps that need it.")
@json_option
def rebuild(side: Near, *, app: str | None, everything: bool, check: bool, as_json: bool) -> int:
    """Rebuild the live code for the server's current Python.

    It becomes a new release; the old one serves until the new one is healthy. After a system
    upgrade, `rebuild --all` does this for every app. With --check, the exit status says whether
    any app needs it.
    """
    if app is not None and everything:
        raise UsageError("`--all` and `--app` exclude each other")
    if check:
        return _check(side, app, as_json=as_json)
    if as_json:
        raise UsageError("`--json` goes with `--check`", hint="pushdeploy rebuild --check --json")
    if everything:
        apps = [row["app"] for row in side.ask("pythons")]
        if not apps:
            say("Nothing is live yet.")
        return max((follow(side, "rebuild", app=one) for one in apps), default=0)
    return follow(side, "rebuild", app=app or side.only_app())


def _check(side: Near, app: str | None, *, as_json: bool) -> int:
    rows = side.ask("pythons", **({"app": app} if app else {}))
    if as_json:
        show_json([{key: row[key] for key in KEYS} for row in rows])
    elif rows:
        show_table(COLUMNS, [_row(row) for row in rows])
    else:
        say("Nothing is live yet.")
    return 0 if all(row["fits"] for row in rows) else UnavailableError.exit_code


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (row["app"], row["release"], row["python"], _state(row))


def _state(row: Mapping[str, Any]) -> str:
    if not row["fits"]:
        return str(row["misfit"])
    own = row["server_python"]
    if own and _minor(own) != _minor(row["python"]):
        return f"fits; the server's own is {own}"
    return "fits"


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]
