"""`rebuild`: the live code again, with a venv for the Python that the server has now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pushdeploy.cli.attempts import GONE, follow
from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json, show_table
from pushdeploy.cli.style import problem
from pushdeploy.engine.registry import App
from pushdeploy.engine.verbs import rebuild as verbs
from pushdeploy.errors import INTERRUPTED, PushdeployError, UnavailableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.cli.target import Local

COLUMNS = ("App", "Release", "Python", "State")


@command("rebuild", example="pushdeploy rebuild --all", app=App.OPTIONAL)
@click.option("--all", "everything", is_flag=True, help="Every app, one after another.")
@click.option("--check", is_flag=True, help="Change nothing; list the apps that need it.")
@json_option
def rebuild(target: Local, *, app: str | None, everything: bool, check: bool, as_json: bool) -> int:
    """Rebuild the live code for the server's current Python.

    It becomes a new release; the old one serves until the new one is healthy. After a system
    upgrade, `rebuild --all` does this for every app. With --check, the exit status says whether
    any app needs it.
    """
    if app is not None and everything:
        raise UsageError("`--all` and `--app` exclude each other")
    if check:
        return _check(target, app, as_json=as_json)
    if as_json:
        raise UsageError("`--json` goes with `--check`", hint="pushdeploy rebuild --check --json")
    if everything:
        apps = [row.app for row in target.ask(verbs.check()).apps]
        if not apps:
            say("Nothing is live yet.")
        return _rebuild_all(target, apps)
    return follow(target, verbs.rebuild(app or target.only_app()))


def _rebuild_all(target: Local, apps: Sequence[str]) -> int:
    """One after another, also when one is refused; a person who leaves ends it."""
    worst = 0
    for app in apps:
        try:
            status = follow(target, verbs.rebuild(app))
        except PushdeployError as error:
            say(*problem(f"{app}: {error.message}", error.hint))
            status = error.exit_code
        if status in (INTERRUPTED, GONE):
            return status
        worst = max(worst, status)
    return worst


def _check(target: Local, app: str | None, *, as_json: bool) -> int:
    rows = target.ask(verbs.check(app or None)).apps
    if as_json:
        show_json([_record(row) for row in rows])
    elif rows:
        show_table(COLUMNS, [_row(row) for row in rows])
    else:
        say("Nothing is live yet.")
    return 0 if all(row.fits for row in rows) else UnavailableError.exit_code


def _record(row: verbs.AppPython) -> dict[str, Any]:
    """An app for programs."""
    return {
        "app": row.app,
        "release": row.release,
        "python": row.python,
        "interpreter": row.interpreter,
        "fits": row.fits,
        "misfit": row.misfit,
        "server_python": row.server_python,
    }


def _row(row: verbs.AppPython) -> tuple[str, ...]:
    return (row.app, row.release, row.python, _state(row))


def _state(row: verbs.AppPython) -> str:
    if row.misfit is not None:
        return row.misfit
    own = row.server_python
    if own and _minor(own) != _minor(row.python):
        return f"fits; the server's own is {own}"
    return "fits"


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]
