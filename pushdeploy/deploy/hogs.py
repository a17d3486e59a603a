"""Hogs: apps that take ports which the others need; they are stopped, the others go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.deploy.journal import journals
from pushdeploy.model.app import app_user, build_user
from pushdeploy.model.ports import MOST_LISTENERS
from pushdeploy.system import tcp_owner
from pushdeploy.system.accounts import user_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pushdeploy.deploy.host import Host


def hogs(apps: Iterable[str]) -> dict[str, int]:
    """The apps whose users hold more ports than one app may, and how many.

    One question to the kernel when there is none, which is nearly always.
    """
    holders = {uid: held for uid, held in tcp_owner.holders().items() if held > MOST_LISTENERS}
    if not holders:
        return {}
    found = {}
    for app in apps:
        users = {user_id(app_user(app)), user_id(build_user(app))}
        held = sum(holders.get(user, 0) for user in users if user is not None)
        if held:
            found[app] = held
    return found


def stop_hogs(host: Host, but: str | None = None) -> list[str]:
    """Stop all processes of such apps; `reconcile` starts them again in time.

    A hog is stopped, not killed: systemd would have it back with all its ports within a second,
    before the app that needs one of them has started.

    Args:
        host: the machine.
        but: the app that is being changed, which hurts only itself.

    Returns:
        What was done, in words.
    """
    return [
        stop_hog(host, app, held)
        for app, held in hogs(journals(host.layout.apps)).items()
        if app != but
    ]


def stop_hog(host: Host, app: str, held: int) -> str:
    """Stop all processes of one."""
    host.supervisor.forget(app, [one.unit for one in host.supervisor.statuses(app)])
    host.supervisor.end_all(app)
    return f"stopped `{app}`, which held {held} ports; an app may hold {MOST_LISTENERS}"
