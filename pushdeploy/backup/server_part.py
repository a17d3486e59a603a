"""What concerns all apps, or lies outside of their folders: settings, keys, certificates, nginx."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError
from pushdeploy.model.server_settings import ServerSettings, parse_server_settings
from pushdeploy.proxy import bare_address
from pushdeploy.records.server_settings import change_server_settings
from pushdeploy.system import keys
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.staged_tree import copy_below, copy_present

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.machine.machine import Machine

CERTBOT = "letsencrypt"
SNIPPETS = "nginx"


def stage_server(machine: Machine) -> int:
    """Put it into the set; returns its bytes."""
    layout, target = machine.layout, machine.layout.backup.set_server
    target.mkdir(mode=0o700)
    size = copy_present(layout.settings, target, [layout.server_settings.name])
    size += copy_present(layout.keys.parent, target, [layout.keys.name])
    size += copy_below(layout.own_certificates, target / layout.own_certificates.name)
    size += copy_below(machine.proxy.snippets, target / SNIPPETS)
    machine.certificates.save(target / CERTBOT)
    reached(Point.BACKUP_SERVER)
    return size


def restore_server(machine: Machine, *, with_keys: bool) -> list[str]:
    """Settings, where this server has none of its own; returns what was done, in words.

    Keys only if that was asked for: one that was removed since the backup would push again.
    """
    came = _came(machine)
    did = _settings(machine, came / machine.layout.server_settings.name)
    reached(Point.RESTORE_SETTINGS)
    path = came / machine.layout.keys.name
    if path.is_file() and machine.layout.keys.exists():
        did += _keys(machine.layout.keys, path.read_text(), add=with_keys)
    reached(Point.RESTORE_KEYS)
    return did


def _keys(path: Path, came: str, *, add: bool) -> list[str]:
    if add:
        added = keys.add_all(path, came)
        return [f"these keys may push again: {', '.join(added)}"] if added else []
    names = ", ".join(keys.not_here(path, came))
    again = "pushdeploy backup:restore --keys"
    return (
        [f"these keys could push then, and may not now: {names} (to let them: {again})"]
        if names
        else []
    )


def restore_around(machine: Machine, app: str) -> list[str]:
    """What lies around an app: its certificate, and the owner's own lines for nginx."""
    came, layout = _came(machine), machine.layout
    did = []
    own = layout.own_certificate(app)
    if (came / own.parent.name / own.name).is_file() and not own.exists():
        own.parent.mkdir(mode=0o700, exist_ok=True)
        copy_present(came / own.parent.name, own.parent, [own.name])
        own.chmod(0o600)
        did.append("restored its certificate")
    if machine.certificates.bring_back(came / CERTBOT, app):
        did.append("restored its certificate, and has it renewed")
    reached(Point.RESTORE_CERTIFICATE)
    snippets = machine.proxy.snippets / app
    if (came / SNIPPETS / app).is_dir() and not snippets.exists():
        copy_below(came / SNIPPETS / app, snippets)
        did.append(f"restored {snippets}")
    reached(Point.RESTORE_SNIPPETS)
    did += _bare_address(machine, app, came / layout.server_settings.name)
    reached(Point.RESTORE_BARE)
    return did


def _bare_address(machine: Machine, app: str, path: Path) -> list[str]:
    """An app that visitors reach by the server's address alone is there again."""
    try:
        came = parse_server_settings(path.read_text())
    except (OSError, PushdeployError):
        return []  # `_settings` has told
    if came.bare != app:
        return []
    if bare_address.take_again(machine, app, always=came.bare_always):
        return []
    change = f"pushdeploy bare:set --app {app}"
    return [f"another app answers on the server's bare address now; to change that: {change}"]


def _came(machine: Machine) -> Path:
    place = machine.layout.backup
    return place.restored / place.set_server.name


def _settings(machine: Machine, path: Path) -> list[str]:
    if not path.is_file():
        return []
    try:
        came = parse_server_settings(path.read_text())
    except PushdeployError as error:
        return [f"the server's settings are as they were: {error.message}"]
    if came == ServerSettings():
        return []
    kept = change_server_settings(machine, lambda now: came if now == ServerSettings() else now)
    return [] if kept == came else ["this server has settings of its own, which stay"]
