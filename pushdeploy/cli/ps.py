"""`ps`, `ps:scale`: what runs, and how many of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pushdeploy.cli import style
from pushdeploy.cli.attempts import briefly
from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.output import say, show_json, show_lines
from pushdeploy.cli.times import ago, iso
from pushdeploy.engine.verbs import ps as verbs
from pushdeploy.model.attempt import Outcome
from pushdeploy.model.instance import State
from pushdeploy.model.refname import push_command
from pushdeploy.model.size import format_duration
from pushdeploy.model.text import escaped
from pushdeploy.model.watchdog import restarted
from pushdeploy.model.web_server import fixed_workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushdeploy.cli.target import Local
    from pushdeploy.model.attempt import Attempt
    from pushdeploy.model.running import Running

MEGABYTE = 1 << 20


@command("ps", example="pushdeploy ps --app blog")
@json_option
def ps(target: Local, *, app: str, as_json: bool) -> None:
    """Show what is running, and how it is doing."""
    answer = target.ask(verbs.ps(app))
    if as_json:
        show_json(_record(answer))
        return
    if answer.release is None:
        coming = any(one.state is State.STARTING for one in answer.instances)
        say(
            f"Nothing of {app} is live yet" + ("" if coming else f": {push_command(answer.branch)}")
        )
    show_lines(_groups(answer))
    say(*_warnings(answer, target.now()))
    last = answer.last_attempt
    if last is not None and last.outcome in (Outcome.FAILED, Outcome.ABANDONED):
        say(*_failure(app, last, target.now()))


@command("ps:scale", example="pushdeploy ps:scale web=4 worker=2 --app blog")
@click.argument("changes", nargs=-1, metavar="[TYPE=NUMBER]...")
@json_option
def ps_scale(target: Local, *, app: str, changes: tuple[str, ...], as_json: bool) -> int:
    """Set how many instances of each process type run.

    For web, this is the number of gunicorn workers; web=auto chooses it for you. Without
    arguments, show the numbers.
    """
    if changes:
        doing = f"Scaling {' '.join(changes)}"
        return briefly(target, doing, f"and restarting {app}", verbs.scale(app, changes=changes))
    quantities = _quantities(target.ask(verbs.ps(app)))
    if as_json:
        show_json(quantities)
    else:
        print(" ".join(f"{name}={quantity}" for name, quantity in quantities.items()))
    return 0


def _quantities(answer: verbs.Ps) -> dict[str, int]:
    """How many of each process type are wanted; of web, how many workers gunicorn is to have."""
    lines = {name: line for name, line in answer.commands.items() if name != "release"}
    counts = {
        name: sum(1 for one in answer.instances if _is_live(answer, one, name)) for name in lines
    }
    if "web" in counts:
        counts["web"] = fixed_workers(lines["web"]) or answer.web_concurrency
    return counts


def _groups(answer: verbs.Ps) -> Iterator[str]:
    """`=== web (3 workers): …`, and below it a line for each instance."""
    shown = set()
    for name, line in answer.commands.items():
        if name == "release":
            continue
        instances = [one for one in answer.instances if _belongs(one, name)]
        yield f"=== {name} ({_count(answer, name)}): {escaped(line)}"
        yield from map(_instance, instances)
        shown |= {id(one) for one in instances}
    rest = [one for one in answer.instances if id(one) not in shown]
    coming = [one for one in rest if not one.stray]
    strays = [one for one in rest if one.stray]
    if coming:
        yield "=== a release that starts now"
        yield from map(_instance, coming)
    if strays:
        yield style.typed("=== other releases, about to end (or by: pushdeploy reconcile)")
        yield from map(_instance, strays)


def _count(answer: verbs.Ps, name: str) -> str:
    """`2 workers` for a server that has some, as they run; else how many instances there are."""
    live = [one for one in answer.instances if _is_live(answer, one, name)]
    workers = [one.workers for one in live if one.workers is not None]
    if not workers:
        return str(len(live))
    return f"{sum(workers)} worker{'' if sum(workers) == 1 else 's'}"


def _is_live(answer: verbs.Ps, instance: Running, name: str) -> bool:
    return _belongs(instance, name) and instance.release == answer.release


def _belongs(instance: Running, process_type: str) -> bool:
    return instance.process_type == process_type and not instance.stray


def _instance(one: Running) -> str:
    """`web.1: up for 3h 4m, v12, cpu 2%, 64 MB, 0 restarts`."""
    parts = [str(one.state)]
    if one.seconds is not None:
        parts[0] += f" for {format_duration(int(one.seconds))}"
    parts.append(one.release + (", kept warm for a rollback" if one.warm else ""))
    if one.cpu is not None:
        parts.append(f"cpu {one.cpu:.0f}%")
    if one.memory is not None:
        parts.append(f"{one.memory // MEGABYTE} MB")
    parts.append(f"{one.restarts} restart{'' if one.restarts == 1 else 's'}")
    if one.last_restart is not None:
        parts.append(f"the last {format_duration(int(one.last_restart))} ago")
    return f"{one.instance}: {', '.join(parts)}"


def _warnings(answer: verbs.Ps, now: float) -> Iterator[str]:
    app = answer.app
    if answer.maintenance:
        yield from style.problem(
            "Visitors still get the maintenance page.", f"pushdeploy maintenance:off --app {app}"
        )
    if answer.misfit:
        yield from style.problem(answer.misfit, f"pushdeploy rebuild --app {app}")
    for one in answer.instances:
        if one.crash_loop:
            yield from style.problem(
                f"{one.instance} of {one.release} is crash-looping: {one.restarts} restarts",
                f"pushdeploy logs -p {one.instance} --app {app}",
            )
    if answer.revived:
        count, last = len(answer.revived), answer.revived[-1]
        yield from style.problem(
            f"web.1 of {answer.release} hung and was {restarted(count, ago(last, now))}",
            f"pushdeploy logs -p web.1 --app {app}",
        )


def _failure(app: str, last: Attempt, now: float) -> Iterator[str]:
    what = f"{last.kind} {last.commit[:8]}".strip()
    yield from style.problem(
        f"The last attempt ({what}, {ago(last.at, now)}, by {last.who}) "
        + ("failed" if last.outcome is Outcome.FAILED else "was cut off")
        + (f": {last.reason}" if last.reason else "."),
        f"pushdeploy releases:output --attempt {last.number} --app {app}",
    )


def _record(answer: verbs.Ps) -> dict[str, Any]:
    """The answer for programs."""
    last = answer.last_attempt
    return {
        "app": answer.app,
        "release": answer.release,
        "web_concurrency": answer.web_concurrency,
        "commands": answer.commands,
        "instances": [_instance_record(one) for one in answer.instances],
        "maintenance": answer.maintenance,
        "misfit": answer.misfit,
        "revived": [iso(at) for at in answer.revived],
        "last_attempt": None if last is None else _attempt(last),
    }


def _instance_record(one: Running) -> dict[str, Any]:
    return {
        "instance": one.instance,
        "release": one.release,
        "warm": one.warm,
        "state": one.state,
        "seconds": one.seconds,
        "cpu": one.cpu,
        "memory": one.memory,
        "workers": one.workers,
        "restarts": one.restarts,
        "last_restart": one.last_restart,
        "crash_loop": one.crash_loop,
        "stray": one.stray,
    }


def _attempt(last: Attempt) -> dict[str, Any]:
    """With the same keys as a row of `releases --json`."""
    return {
        "attempt": last.number,
        "release": None if last.release is None else f"v{last.release}",
        "at": iso(last.at),
        "kind": last.kind,
        "commit": last.commit,
        "who": last.who,
        "outcome": last.outcome,
        "reason": last.reason,
        "seconds": last.seconds,
    }
