"""Taking pushdeploy off a server: everything is as before, except for what people would miss.

Without `--purge` the apps' data stays, with the users that own it, so that installing again brings
the apps back. Needs nothing but the standard library, unless nginx serves an app.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError, UsageError
from pushdeploy.install.steps import Steps
from pushdeploy.model.account import FRONT, OURS
from pushdeploy.model.layout import SERVER
from pushdeploy.system import (
    certbot,
    needrestart,
    port_fence,
    server_folders,
    server_units,
    server_users,
    sshd,
    tool,
    ufw,
    wall,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.model.layout import Layout

NGINX_SITES = Path("/etc/nginx/conf.d")
NGINX_SNIPPETS = Path("/etc/nginx/pushdeploy")
NGINX_LOGS = Path("/var/log/nginx")

WORD = "uninstall"
"""What a person types who means it."""


def uninstall(*, purge: bool, sure: bool) -> None:
    """Stop everything and take it away; safe to repeat.

    Raises:
        UsageError: it was not confirmed.
    """
    if not sure and _is_installed():
        _ask(purge=purge)
    steps = Steps()
    steps.step("Taking sshd's settings back", sshd.remove_snippet)
    steps.step("Taking nginx's and certbot's settings back", _leave_proxy)
    steps.step("Taking needrestart's settings back", needrestart.remove)
    if purge:
        steps.step("Deleting certificates", _delete_certificates)
    steps.step("Stopping the apps and the engine", server_units.stop_apps)
    steps.step("Ending logins", server_units.end_logins)
    steps.step("Taking journald's settings back", wall.remove)
    steps.step("Removing the units", server_units.remove_units)
    steps.step("Letting users reach all ports of this machine", port_fence.remove)
    steps.step("Removing the tool", tool.remove)
    kept = not purge and server_folders.has_apps(SERVER)
    whom = "Removing the users, except those that own data" if kept else "Removing the users"
    steps.step(whom, partial(_remove_users, keep=kept))
    _remove_data(steps, purge=purge)
    rules = ufw.ours()
    steps.result("pushdeploy is gone" if steps.changed else "Nothing to do")
    for line in left(SERVER, certbot.apps(), owners=kept):
        steps.detail(line)
    if rules:
        steps.detail(f"The firewall is left as it is, with our rules: {', '.join(rules)}.")
        steps.detail("To take one away: sudo ufw delete RULE (without ssh's you are locked out)")


def left(layout: Layout, certificates: Sequence[str], *, owners: bool) -> list[str]:
    """What is still on the server, with its places, and how to delete it.

    Args:
        layout: where things are.
        certificates: the apps that certbot has one for.
        owners: whether users stay, as they own data.
    """
    users = ", with the users that own it" if owners else ""
    kept = {
        layout.state: f"releases, storage and config vars{users}",
        layout.log: "logs of deploys",
        layout.settings: "settings, keys and certificates of your own",
        NGINX_SNIPPETS: "directives for nginx, by nginx:set",
    }
    found = [f"  {place}: {what}" for place, what in kept.items() if place.exists()]
    if certificates:
        found.append(f"  certificates of certbot, for {', '.join(certificates)}")
    if found:
        found = ["Still here:", *found]
        found.append("To delete that too: sudo ./installer.sh uninstall --purge")
    return [*found, "Debian packages that were installed stay."]


def _is_installed() -> bool:
    """Whether anything would go that somebody could miss."""
    return any(place.exists() for place in (SERVER.state, SERVER.settings, tool.ROOT))


def _ask(*, purge: bool) -> None:
    fate = "deletes all apps with their data" if purge else "stops all apps; their data stays"
    if not sys.stdin.isatty():
        raise UsageError(
            f"this {fate}; it has to be confirmed",
            hint=f"sudo ./installer.sh uninstall{' --purge' if purge else ''} --yes",
        )
    print(f"This {fate}. Type `{WORD}` to continue:  ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != WORD:
        raise UsageError("nothing changed")


def _leave_proxy() -> bool:
    """Certificates stay for a new installation: ACME servers give few of the same."""
    sites = any(NGINX_SITES.glob("pushdeploy*.conf"))
    if sites:
        _leave_nginx()
    return certbot.unhook() or sites


def _delete_certificates() -> bool:
    apps = certbot.apps()
    for app in apps:
        certbot.delete(app)
    return bool(apps)


def _leave_nginx() -> None:
    try:
        from pushdeploy.system.nginx import Nginx  # has packages
    except ModuleNotFoundError as error:
        raise UnavailableError(
            f"nginx still has sites of pushdeploy, but the tool is not installed: {error}",
            hint="sudo ./installer.sh && sudo ./installer.sh uninstall",
        ) from error
    Nginx(SERVER.state).leave()


def _remove_data(steps: Steps, *, purge: bool) -> None:
    """Delete what is nobody's, or everything; the users went first, whose record is in it."""
    folders = [SERVER.run]
    if purge:
        folders += [SERVER.state, SERVER.log, SERVER.settings, NGINX_SNIPPETS]
        steps.step("Deleting the apps' data, logs and settings", _deleting(folders))
        for log in NGINX_LOGS.glob("pushdeploy-*"):
            log.unlink()
        return
    if not server_folders.has_apps(SERVER):
        folders += [SERVER.state, SERVER.log]
    steps.step("Removing folders", _deleting(folders))


def _deleting(folders: list[Path]) -> partial[bool]:
    return partial(server_folders.remove_folders, folders)


def _remove_users(*, keep: bool) -> bool:
    """What owns data stays, or a user that is made later would get its number, and the data."""
    if keep:
        return server_users.remove_users([FRONT])
    return server_users.remove_users([*server_users.our_users(), OURS])
