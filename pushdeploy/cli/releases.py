"""`releases`, `releases:info`, `releases:output`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import aligned, say, show_json, show_lines, show_table
from pushdeploy.cli.times import iso, local_and_ago
from pushdeploy.engine.verbs import releases as verbs
from pushdeploy.model.attempt import Outcome
from pushdeploy.model.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushdeploy.cli.target import Local
    from pushdeploy.model.tried import Tried

COLUMNS = ("v", "Description", "Who", "When", "Outcome")

SHOWN = 15


@command("releases", example="pushdeploy releases -n 30 --app blog")
@click.option(
    "-n", "--num", "count", type=click.IntRange(1), default=SHOWN, show_default=True, help="Rows."
)
@json_option
def releases(target: Local, *, app: str, count: int, as_json: bool) -> None:
    """List releases and failed attempts, newest first."""
    answer = target.ask(verbs.releases(app, count=count))
    if as_json:
        show_json(_listing(answer))
        return
    current = answer.current or "none"
    print(f"=== {app} Releases - Current: {current}")
    if answer.tried:
        show_table(COLUMNS, _rows(answer, target.now()))
    say(*_ways_back(answer))


@command("releases:info", example="pushdeploy releases:info v12 --app blog")
@click.argument("release", required=False)
@json_option
def releases_info(target: Local, *, app: str, release: str | None, as_json: bool) -> None:
    """Show one release.

    Without RELEASE, the live one.
    """
    answer = target.ask(verbs.info(app, release=release))
    if as_json:
        show_json(_info(answer))
        return
    print(f"=== Release {answer.release}")
    show_lines(
        aligned(
            [
                ("App:", answer.app),
                ("Change:", escaped(answer.description)),
                ("Commit:", escaped(f"{answer.commit[:8]} {answer.subject}")),
                ("Author:", escaped(answer.author)),
                ("By:", escaped(answer.who)),
                ("When:", local_and_ago(answer.at, target.now())),
                ("Python:", answer.python),
                ("State:", _state(answer)),
            ]
        )
    )
    print(f"=== {answer.release} Processes")
    show_lines(f"{name}: {escaped(line)}" for name, line in answer.processes.items())


@command("releases:output", example="pushdeploy releases:output --attempt 7 --app blog")
@click.argument("release", required=False)
@click.option("--attempt", type=click.IntRange(1), help="The number of an attempt, failed or not.")
@json_option
def releases_output(
    target: Local, *, app: str, release: str | None, attempt: int | None, as_json: bool
) -> None:
    """Show what a deploy printed.

    Without RELEASE or --attempt, the newest one.
    """
    answer = target.ask(verbs.output(app, release=release, attempt=attempt))
    if as_json:
        show_json({"attempt": answer.attempt, "events": list(answer.events)})
        return
    from pushdeploy.cli import console  # slow; the list needs none of it
    from pushdeploy.events import from_record

    for record in answer.events:
        event = from_record(record)
        if event is not None:
            show_lines(console.lines(cast("console.Known", event)))


def _listing(answer: verbs.Releases) -> dict[str, Any]:
    """The answer for programs."""
    return {
        "app": answer.app,
        "current": answer.current,
        "warm": list(answer.warm),
        "previous": answer.previous,
        "rollback": list(answer.rollback),
        "releases": [_record(row) for row in answer.tried],
    }


def _record(row: Tried) -> dict[str, Any]:
    return {
        "release": row.release,
        "attempt": row.attempt,
        "description": row.description,
        "subject": row.subject,
        "commit": row.commit,
        "who": row.who,
        "at": iso(row.at),
        "outcome": row.outcome,
        "live": row.live,
        "rollback": row.rollback,
        "reason": row.reason,
        "seconds": row.seconds,
    }


def _rows(answer: verbs.Releases, now: float) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    live_shown = False
    for row in answer.tried:
        live = row.live and row.outcome is Outcome.LIVE and not live_shown
        live_shown = live_shown or live
        rows.append(
            (
                row.release or "-",
                row.description[:1].upper() + row.description[1:],
                row.who,
                local_and_ago(row.at, now),
                "live" if live else _outcome(row, answer.warm),
            )
        )
    return rows


def _outcome(row: Tried, warm: tuple[str, ...]) -> str:
    """What became of a try, and whether there is a way back to it."""
    if row.outcome is not Outcome.LIVE:
        return f"{row.outcome} (attempt {row.attempt})"
    if row.live:
        return "was live before"
    if not row.rollback:
        return "was live, gone"
    return "was live, warm" if row.release in warm else "was live"


def _ways_back(answer: verbs.Releases) -> Iterator[str]:
    """What `rollback` can do now."""
    app, previous, there = answer.app, answer.previous, answer.rollback
    if previous is not None:
        yield f"Back to {previous}: pushdeploy rollback --app {app}"
    others = [one for one in there if one != previous]
    if others:
        yield f"Or to {', '.join(others)}: pushdeploy rollback {others[0]} --app {app}"


def _info(answer: verbs.ReleaseInfo) -> dict[str, Any]:
    """The answer for programs."""
    return {
        "release": answer.release,
        "app": answer.app,
        "live": answer.live,
        "rollback": answer.rollback,
        "kind": answer.kind,
        "description": answer.description,
        "who": answer.who,
        "commit": {"id": answer.commit, "subject": answer.subject, "author": answer.author},
        "python": answer.python,
        "at": iso(answer.at),
        "processes": answer.processes,
    }


def _state(record: verbs.ReleaseInfo) -> str:
    if record.live:
        return "live"
    return "can be rolled back to" if record.rollback else "can't be rolled back to"
