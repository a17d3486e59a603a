"""Which numbers of `ps:scale web=N` would change nothing: refused, instead of made a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import UsageError
from pushdeploy.model.web_server import BY_LINE_ALONE, ONE_PROCESS, fixed_workers, web_server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.model.formation import Change


def refuse_without_effect(
    command: str, changes: Sequence[Change], by_config_var: int | None
) -> None:
    """See that nothing else decides how many workers web has.

    Args:
        command: the web line of the Procfile.
        changes: what is asked for.
        by_config_var: what `WEB_CONCURRENCY` says among the config vars.

    Raises:
        UsageError: the line, its server or a config var decides, and says another number.
    """
    asked = next((one for one in changes if one.name == "web" and one.quantity is not None), None)
    fixed = fixed_workers(command)
    decided = by_config_var if fixed is None else fixed
    if asked is None or decided is None or (not asked.relative and asked.quantity == decided):
        return
    server = web_server(command)
    if fixed is None:
        raise UsageError(
            f"the config var `WEB_CONCURRENCY` says how many workers web has: {by_config_var}",
            hint="change it with `pushdeploy config:set`, or unset it and scale again",
        )
    if server in ONE_PROCESS:
        raise UsageError(
            f"{server} has one process and no workers",
            hint="gunicorn, uvicorn, hypercorn and granian have some: change the web line and push",
        )
    if server in BY_LINE_ALONE:
        raise UsageError(
            f"{server} takes its number of workers only from the Procfile: {fixed}",
            hint="write `--workers` and the number in its web line, and push",
        )
    raise UsageError(
        f"the Procfile says how many workers web has: {fixed}",
        hint="remove `-w` or `--workers` from its web line, push, and scale again",
    )
