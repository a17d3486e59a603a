"""`releases`, `releases:info`, `releases:output`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.moment import iso, local_and_ago
from pushdeploy.cli.output import aligned, say, show_json, show_lines, show_table
from pushdeploy.model.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pushdeploy.cli.side import Near

COLUMNS = ("v", "Description", "Who", "When", "Outcome")

ROW_KEYS = (
    "release",
    "attempt",
    "description",
    "subject",
    "commit",
    "who",
    "at",
    "outcome",
    "live",
    "rollback",
    "reason",
    "seconds",
)

SHOWN = 15


@command("releases", example="pushdeploy releases -n 30 --app blog")
@click.option(
    "-n", "--num", "count", type=click.IntRange(1), default=SHOWN, show_default=True, help="Rows."
)
@json_option
def releases(side: Near, *, app: str, count: int, as_json: bool) -> None:
    """List releases and failed attempts, newest first."""
    answer = side.ask("releases", app=app, count=count)
    if as_json:
        show_json(_listing(answer))
        return
    current = answer["current"] or "none"
    print(f"=== {app} Releases - Current: {current}")
    if answer["releases"]:
        show_table(COLUMNS, _rows(answer, side.now()))
    say(*_ways_back(answer))


@command("releases:info", example="pushdeploy releases:info v12 --app blog")
@click.argument("release", required=False)
@json_option
def releases_info(side: Near, *, app: str, release: str | None, as_json: bool) -> None:
    """Show one release.

    Without RELEASE, the live one.
    """
    answer = side.ask("releases.info", app=app, release=release)
    record = _info(answer)
    if as_json:
        show_json(record)
        return
    commit = answer["commit"]
    print(f"=== Release {record['release']}")
    show_lines(
        aligned(
            [
                ("App:", record["app"]),
                ("Change:", escaped(record["description"])),
                ("Commit:", escaped(f"{commit['id'][:8]} {commit['subject']}")),
                ("Author:", escaped(commit["author"])),
                ("By:", escaped(record["who"])),
                ("When:", local_and_ago(answer["at"], side.now())),
                ("Python:", record["python"]),
                ("State:", _state(record)),
            ]
        )
    )
    print(f"=== {record['release']} Processes")
    show_lines(f"{name}: {escaped(line)}" for name, line in record["processes"].items())


@command("releases:output", example="pushdeploy releases:output --attempt 7 --app blog")
@click.argument("release", required=False)
@click.option("--attempt", type=click.IntRange(1), help="The number of an attempt, failed or not.")
@json_option
def releases_output(
    side: Near, *, app: str, release: str | None, attempt: int | None, as_json: bool
) -> None:
    """Show what a deploy printed.

    Without RELEASE or --attempt, the newest one.
    """
    answer = side.ask("releases.output", app=app, release=release, attempt=attempt)
    if as_json:
        show_json({"attempt": answer["attempt"], "events": answer["events"]})
        return
    from pushdeploy.cli import console  # noqa: PLC0415 - slow; the list needs none of it
    from pushdeploy.events import from_record  # noqa: PLC0415

    for record in answer["events"]:
        event = from_record(record)
        if event is not None:
            show_lines(console.lines(cast("console.Known", event)))


def _listing(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer for programs."""
    rows = [
        {**{key: row[key] for key in ROW_KEYS}, "at": iso(row["at"])} for row in answer["releases"]
    ]
    return {
        **{key: answer[key] for key in ("app", "current", "warm", "previous", "rollback")},
        "releases": rows,
    }


def _rows(answer: Mapping[str, Any], now: float) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    live_shown = False
    for row in answer["releases"]:
        live = row["live"] and row["outcome"] == "live" and not live_shown
        live_shown = live_shown or live
        rows.append(
            (
                row["release"] or "-",
                row["description"][:1].upper() + row["description"][1:],
                row["who"],
                local_and_ago(row["at"], now),
                "live" if live else _outcome(row, answer["warm"]),
            )
        )
    return rows


def _outcome(row: Mapping[str, Any], warm: list[str]) -> str:
    """What became of a try, and whether there is a way back to it."""
    if row["outcome"] != "live":
        return f"{row['outcome']} (attempt {row['attempt']})"
    if row["live"]:
        return "was live before"
    if not row["rollback"]:
        return "was live, gone"
    return "was live, warm" if row["release"] in warm else "was live"


def _ways_back(answer: Mapping[str, Any]) -> Iterator[str]:
    """What `rollback` can do now."""
    app, previous, there = answer["app"], answer["previous"], answer["rollback"]
    if previous is not None:
        yield f"Back to {previous}: pushdeploy rollback --app {app}"
    others = [one for one in there if one != previous]
    if others:
        yield f"Or to {', '.join(others)}: pushdeploy rollback {others[0]} --app {app}"


def _info(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer for programs."""
    keys = ("release", "app", "live", "rollback", "kind", "description", "who", "commit", "python")
    lines = answer["procfile"]["lines"]
    return {
        **{key: answer[key] for key in keys},
        "at": iso(answer["at"]),
        "processes": {line["name"]: line["command"] for line in lines},
    }


def _state(record: Mapping[str, Any]) -> str:
    if record["live"]:
        return "live"
    return "can be rolled back to" if record["rollback"] else "can't be rolled back to"
