"""`ps`, `ps:scale`: what runs, and how many of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pushdeploy.cli import words
from pushdeploy.cli.attempts import briefly
from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.moment import ago, iso
from pushdeploy.cli.output import say, show_json, show_lines
from pushdeploy.model.size import format_duration
from pushdeploy.model.text import escaped
from pushdeploy.model.watchdog import restarted
from pushdeploy.model.web_server import fixed_workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pushdeploy.cli.side import Near

INSTANCE_KEYS = (
    "instance",
    "release",
    "warm",
    "state",
    "seconds",
    "cpu",
    "memory",
    "workers",
    "restarts",
    "last_restart",
    "crash_loop",
)
ATTEMPT_KEYS = ("kind", "commit", "who", "outcome", "reason", "seconds")

MEGABYTE = 1 << 20


@command("ps", example="pushdeploy ps --app blog")
@json_option
def ps(side: Near, *, app: str, as_json: bool) -> None:
    """Show what is running, and how it is doing."""
    answer = side.ask("ps", app=app)
    if as_json:
        show_json(_record(answer))
        return
    if answer["release"] is None:
        coming = any(one["state"] == "starting" for one in answer["instances"])
        say(f"Nothing of {app} is live yet" + ("" if coming else ": git push production main"))
    show_lines(_groups(answer))
    say(*_troubles(answer, side.now()))
    last = answer["last_attempt"]
    if last is not None and last["outcome"] in ("failed", "abandoned"):
        say(*_failure(app, last, side.now()))


@command("ps:scale", example="pushdeploy ps:scale web=4 worker=2 --app blog")
@click.argument("changes", nargs=-1, metavar="[TYPE=NUMBER]...")
@json_option
def ps_scale(side: Near, *, app: str, changes: tuple[str, ...], as_json: bool) -> int:
    """Set how many instances of each process type run.

    For web, this is the number of gunicorn workers; web=auto chooses it for you. Without
    arguments, show the numbers.
    """
    if changes:
        doing = f"Scaling {' '.join(changes)}"
        return briefly(side, doing, f"and restarting {app}", "scale", app=app, changes=changes)
    quantities = _quantities(side.ask("ps", app=app))
    if as_json:
        show_json(quantities)
    else:
        print(" ".join(f"{name}={quantity}" for name, quantity in quantities.items()))
    return 0


def _quantities(answer: Mapping[str, Any]) -> dict[str, int]:
    """How many of each process type are wanted; of web, how many workers gunicorn is to have."""
    lines = {name: line for name, line in answer["commands"].items() if name != "release"}
    counts = {
        name: sum(1 for one in answer["instances"] if _is_live(answer, one, name)) for name in lines
    }
    if "web" in counts:
        counts["web"] = fixed_workers(lines["web"]) or answer["web_concurrency"]
    return counts


def _groups(answer: Mapping[str, Any]) -> Iterator[str]:
    """`=== web (3 workers): …`, and below it a line for each instance."""
    shown = set()
    for name, line in answer["commands"].items():
        if name == "release":
            continue
        instances = [one for one in answer["instances"] if _belongs(one, name)]
        yield f"=== {name} ({_count(answer, name)}): {escaped(line)}"
        yield from map(_instance, instances)
        shown |= {id(one) for one in instances}
    rest = [one for one in answer["instances"] if id(one) not in shown]
    coming = [one for one in rest if not one.get("stray")]
    strays = [one for one in rest if one.get("stray")]
    if coming:
        yield "=== a release that starts now"
        yield from map(_instance, coming)
    if strays:
        yield "=== other releases, about to end (or by: pushdeploy reconcile)"
        yield from map(_instance, strays)


def _count(answer: Mapping[str, Any], name: str) -> str:
    """`2 workers` for a server that has some, as they run; else how many instances there are."""
    live = [one for one in answer["instances"] if _is_live(answer, one, name)]
    workers = [one["workers"] for one in live if one["workers"] is not None]
    if not workers:
        return str(len(live))
    return f"{sum(workers)} worker{'' if sum(workers) == 1 else 's'}"


def _is_live(answer: Mapping[str, Any], instance: Mapping[str, Any], name: str) -> bool:
    return _belongs(instance, name) and instance["release"] == answer["release"]


def _belongs(instance: Mapping[str, Any], process_type: str) -> bool:
    name: str = instance["instance"]
    return name.rpartition(".")[0] == process_type and not instance.get("stray")


def _instance(one: Mapping[str, Any]) -> str:
    """`web.1: up for 3h 4m, v12, cpu 2%, 64 MB, 0 restarts`."""
    parts = [one["state"]]
    if one["seconds"] is not None:
        parts[0] += f" for {format_duration(int(one['seconds']))}"
    parts.append(one["release"] + (", kept warm for a rollback" if one["warm"] else ""))
    if one["cpu"] is not None:
        parts.append(f"cpu {one['cpu']:.0f}%")
    if one["memory"] is not None:
        parts.append(f"{one['memory'] // MEGABYTE} MB")
    parts.append(f"{one['restarts']} restart{'' if one['restarts'] == 1 else 's'}")
    if one["last_restart"] is not None:
        parts.append(f"the last {format_duration(int(one['last_restart']))} ago")
    return f"{one['instance']}: {', '.join(parts)}"


def _troubles(answer: Mapping[str, Any], now: float) -> Iterator[str]:
    app = answer["app"]
    if answer["misfit"]:
        yield from words.problem(answer["misfit"], f"pushdeploy rebuild --app {app}")
    for one in answer["instances"]:
        if one["crash_loop"]:
            yield from words.problem(
                f"{one['instance']} of {one['release']} is crash-looping: "
                f"{one['restarts']} restarts",
                f"pushdeploy logs -p {one['instance']} --app {app}",
            )
    if answer["revived"]:
        count, last = len(answer["revived"]), answer["revived"][-1]
        yield from words.problem(
            f"web.1 of {answer['release']} hung and was {restarted(count, ago(last, now))}",
            f"pushdeploy logs -p web.1 --app {app}",
        )


def _failure(app: str, last: Mapping[str, Any], now: float) -> Iterator[str]:
    what = f"{last['kind']} {last['commit'][:8]}".strip()
    yield from words.problem(
        f"The last attempt ({what}, {ago(last['at'], now)}, by {last['who']}) "
        + ("failed" if last["outcome"] == "failed" else "was cut off")
        + (f": {last['reason']}" if last["reason"] else "."),
        f"pushdeploy releases:output --attempt {last['number']} --app {app}",
    )


def _record(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer for programs."""
    last = answer["last_attempt"]
    return {
        **{key: answer[key] for key in ("app", "release", "web_concurrency", "commands")},
        "instances": [
            {**{key: one[key] for key in INSTANCE_KEYS}, "stray": bool(one.get("stray"))}
            for one in answer["instances"]
        ],
        "misfit": answer["misfit"],
        "revived": [iso(at) for at in answer["revived"]],
        "last_attempt": None if last is None else _attempt(last),
    }


def _attempt(last: Mapping[str, Any]) -> dict[str, Any]:
    """With the same keys as a row of `releases --json`."""
    release = last["release"]
    return {
        "attempt": last["number"],
        "release": None if release is None else f"v{release}",
        "at": iso(last["at"]),
        **{key: last[key] for key in ATTEMPT_KEYS},
    }
