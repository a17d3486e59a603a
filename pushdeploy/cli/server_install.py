"""Installing on a server: everything is looked at first, then done, in steps that can be repeated.

The second run finds everything as it should be and changes nothing. An upgrade changes the folder
that `current` names; apps, and engines that run, do not notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pushdeploy.cli.compose import server_host
from pushdeploy.cli.port_check import wanted_port
from pushdeploy.cli.server_edge import check_edge, make_edge
from pushdeploy.cli.server_owners import own, own_apps
from pushdeploy.cli.steps import Steps
from pushdeploy.deploy import fit
from pushdeploy.deploy.apps import create_app
from pushdeploy.deploy.journal import Journal, journals
from pushdeploy.deploy.reconcile import boot_all, idle
from pushdeploy.errors import (
    CommandFailedError,
    PushdeployError,
    RefusedInputError,
    UnavailableError,
)
from pushdeploy.model.account import RECEIVER
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.key import parse_key_name, parse_public_key, suggested_name
from pushdeploy.model.layout import SERVER
from pushdeploy.system import (
    address,
    keys,
    needrestart,
    server_units,
    server_users,
    sshd,
    tool,
)
from pushdeploy.system.accounts import ServerAccounts
from pushdeploy.system.sshd import PORT as SSH_PORT

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.deploy.host import Host

LONGEST_KEY_FILE = 65536
"""Bytes; a public key has a few hundred."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What may be asked of the installer beside installing."""

    app: str | None = None
    """Make this app."""
    key: Path | None = None
    """The file of a public key that may push."""
    port: int | None = None
    """Where the app answers on 127.0.0.1."""
    domains: tuple[str, ...] = ()
    """The app's names."""
    email: str | None = None
    """Get a certificate for them; who is told of problems with it."""
    acme_server: str | None = None
    firewall: bool = False
    """Let in ssh, HTTP and HTTPS only."""


def install(version: Path, wishes: Wishes) -> None:
    """Install, or upgrade, or see that nothing is to be done.

    Args:
        version: the folder of the tool's version, complete.
        wishes: what else is to be done.
    """
    app, key = wishes.app, wishes.key
    host = server_host()
    server_users.check_users(*([] if app is None else [parse_app_name(app)]))
    tool.check_command()
    sshd.check_sshd()
    text = "" if key is None else _read_key(key)
    wanted = None if app is None else wanted_port(host, parse_app_name(app), wishes.port)
    names = check_edge(host, wishes)

    steps = Steps()
    _make_server(steps, version)
    own_apps(steps, host)
    if key is not None:
        _add_key(steps, text, key)
    if app is not None:
        steps.step(f"Making the app {app}", partial(_make_app, host, app, wanted))
    _start_apps(steps, host)
    _name_misfits(steps, host)
    make_edge(steps, host, wishes, names)
    tool.prune()
    _close(steps, app or next(iter(journals(SERVER.apps)), "blog"))


def _make_server(steps: Steps, version: Path) -> None:
    accounts = ServerAccounts(SERVER)
    steps.step("Making the users", lambda: bool(accounts.ensure_users()))
    own(steps, "Making the folders", accounts.ensure_server)
    steps.step(f"Using version {version.name}", partial(tool.use, version))
    steps.step(
        f"Letting keys of pushdeploy log in as {RECEIVER}, and reloading sshd",
        partial(sshd.ensure_snippet, SERVER),
    )
    for setting in sshd.shut_out():
        steps.warn(
            f"sshd's own settings keep {RECEIVER} out: {setting}",
            f"name {RECEIVER} there too, then: systemctl reload ssh",
        )
    title = "Having needrestart leave restarts of apps to pushdeploy"
    steps.step(title, partial(needrestart.ensure, SERVER))
    steps.step("Starting the engine's socket", partial(server_units.ensure_units, SERVER))


def _read_key(file: Path) -> str:
    """The text of the key's file, which is one public key.

    Raises:
        RefusedInputError: it is not.
    """
    try:
        with file.open("rb") as stream:
            text = stream.read(LONGEST_KEY_FILE).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedInputError(
            f"the key `{file}` can't be read: {error}", hint="give a file that ends in `.pub`"
        ) from error
    parse_public_key(text, "any")
    return text


def _add_key(steps: Steps, text: str, file: Path) -> None:
    known = keys.same_key(SERVER.keys, text)
    name = known.name if known else _key_name(text, file)
    steps.step(f"Letting the key {name} push", partial(_add_new_key, text, name))


def _add_new_key(text: str, name: str) -> bool:
    if keys.same_key(SERVER.keys, text) is not None:
        return False
    keys.add(SERVER.keys, text, name)
    return True


def _key_name(text: str, file: Path) -> str:
    """The key's comment, else the name of its file."""
    comment = text.split(maxsplit=2)[2:]
    names = (suggested_name(source.strip()) for source in (*comment, file.stem))
    return parse_key_name(next((name for name in names if name), "laptop"))


def _make_app(host: Host, app: str, port: int | None) -> bool:
    """An app that nginx can't serve yet counts: that is said when the apps are served."""
    if app in journals(host.layout.apps):
        return False
    try:
        return create_app(host, app, port=port)
    except UnavailableError:
        if app not in journals(host.layout.apps):
            raise
        return True


def _start_apps(steps: Steps, host: Host) -> None:
    """After `uninstall` and a new installation, and with a backup's files, apps come back."""
    try:
        steps.step("Starting the apps", partial(_start, host))
    except CommandFailedError as error:
        steps.warn(error.message, f"journalctl -u {server_units.BOOT}")
    for app in idle(host):
        if _misfit(host, app) is None:
            steps.fault(f"{app} is live by its records, and does not run", f"pushdeploy ps {app}")


def _start(host: Host) -> bool:
    """The unit of the boot does it once; files that came later are not started by it."""
    started = server_units.start_apps()
    if not idle(host):
        return started
    boot_all(host)
    return True


def _name_misfits(steps: Steps, host: Host) -> None:
    """An app that has lost its Python runs on until it stops, and can't start again."""
    for app in journals(host.layout.apps):
        trouble = _misfit(host, app)
        if trouble is not None:
            steps.warn(f"{app}: {trouble}", fit.hint(app))


def _misfit(host: Host, app: str) -> str | None:
    try:
        current = Journal(host.layout.app(app)).current()
        return None if current is None else fit.misfit(host, current)
    except PushdeployError as error:
        return error.message


def _close(steps: Steps, app: str) -> None:
    if steps.faulty:
        steps.result("Installed, but not ready: see what is marked with ! above")
    else:
        steps.result("Ready" if steps.changed else "Ready, nothing to do")
    if not keys.listing(SERVER.keys):
        steps.detail("Nobody may push yet. Add the public key of your laptop:")
        steps.detail("  sudo ./installer.sh --key id_ed25519.pub")
    here, port = address.own_address()
    steps.detail("On your laptop, in the folder of the app:")
    steps.say("")
    steps.detail(f"  git remote add production {_remote(here, port or sshd.port(), app)}")
    steps.detail("  git push production main")
    steps.say("")
    if not address.is_reachable_from_afar(here):
        steps.detail(f"If the laptop knows this server by another name, write that for `{here}`.")


def _remote(here: str, port: int, app: str) -> str:
    name = f"[{here}]" if ":" in here else here
    if port == SSH_PORT:
        return f"{RECEIVER}@{name}:{app}"
    return f"ssh://{RECEIVER}@{name}:{port}/{app}"
