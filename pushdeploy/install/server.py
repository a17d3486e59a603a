"""Installing on a server: everything is looked at first, then done, in steps that can be repeated.

The second run finds everything as it should be and changes nothing. An upgrade changes the folder
that `current` names; apps, and engines that run, do not notice.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pushdeploy.apps.fence import fence_ports
from pushdeploy.apps.lifecycle import create_app
from pushdeploy.cli.wiring import server_machine
from pushdeploy.deploy import fit
from pushdeploy.errors import (
    CommandFailedError,
    PushdeployError,
    UnavailableError,
)
from pushdeploy.install.bare import bare_lines
from pushdeploy.install.owners import own, own_apps
from pushdeploy.install.port_check import wanted_port
from pushdeploy.install.proxy import check_proxy, make_proxy
from pushdeploy.install.steps import Steps
from pushdeploy.model.account import GIT_USER
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.key import parse_key_name, suggested_name
from pushdeploy.model.layout import SERVER
from pushdeploy.model.refname import push_command
from pushdeploy.records.app_records import AppRecords, app_names
from pushdeploy.records.reader import facts
from pushdeploy.system import (
    address,
    keys,
    needrestart,
    server_units,
    server_users,
    sshd,
    tool,
    wall,
)
from pushdeploy.system.accounts import ServerAccounts
from pushdeploy.system.sshd import PORT as SSH_PORT
from pushdeploy.watch import obstacles
from pushdeploy.watch.boot_all import boot_all, idle

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.install.wishes import Wishes
    from pushdeploy.machine.machine import Machine


def install(version: Path, wishes: Wishes) -> int:
    """Install, or upgrade, or see that nothing is to be done; returns the exit status.

    Args:
        version: the folder of the tool's version, complete.
        wishes: what else is to be done.
    """
    app, key = wishes.app, wishes.key
    machine = server_machine()
    server_users.check_users(*([] if app is None else [parse_app_name(app)]))
    tool.check_command()
    sshd.check_sshd()
    text = "" if key is None else keys.read_key_file(key)
    wanted = None if app is None else wanted_port(machine, parse_app_name(app), wishes.port)
    names = check_proxy(machine, wishes)

    steps = Steps()
    _make_server(steps, version)
    own_apps(steps, machine)
    if key is not None:
        _add_key(steps, text, key)
    if app is not None:
        steps.step(f"Creating the app {app}", partial(_make_app, machine, app, wanted))
    steps.step("Keeping each app to its own ports", partial(_fence, steps, machine))
    _start_apps(steps, machine)
    _name_misfits(steps, machine)
    make_proxy(steps, machine, wishes, names)
    for one in (*obstacles.of_pushes(machine), *obstacles.of_visitors(machine)):
        steps.fault(one.text, one.hint)
    tool.prune()
    _close(steps, app or next(iter(app_names(SERVER.apps)), "blog"))
    return UnavailableError.exit_code if steps.faulty or steps.unfinished else 0


def _make_server(steps: Steps, version: Path) -> None:
    accounts = ServerAccounts(SERVER)
    steps.step("Creating users", lambda: bool(accounts.ensure_users()))
    own(steps, "Creating folders", accounts.ensure_server)
    steps.step(f"Using version {version.name}", partial(tool.use, version))
    steps.step(
        f"Letting keys of pushdeploy log in as {GIT_USER}, and reloading sshd",
        partial(sshd.ensure_snippet, SERVER),
    )
    title = "Having needrestart leave restarts of apps to pushdeploy"
    steps.step(title, partial(needrestart.ensure, SERVER))
    title = "Keeping what apps log from the terminals of the server"
    steps.step(title, wall.ensure)
    steps.step("Starting the engine's socket", partial(server_units.ensure_units, SERVER))


def _add_key(steps: Steps, text: str, file: Path) -> None:
    known = keys.same_key(SERVER.keys, text)
    name = known.name if known else _key_name(text, file)
    steps.step(f"Adding the key {name}", partial(_add_new_key, text, name))


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


def _make_app(machine: Machine, app: str, port: int | None) -> bool:
    """An app that nginx can't serve yet counts: that is said when the apps are served."""
    if app in app_names(machine.layout.apps):
        return False
    try:
        return create_app(machine, app, port=port)
    except UnavailableError:
        if app not in app_names(machine.layout.apps):
            raise
        return True


def _fence(steps: Steps, machine: Machine) -> bool:
    """It is made again each time, since nobody can tell whether it is as it was."""
    if not fence_ports(machine):
        text = "this kernel has no nf_tables: an app can connect to the ports of others"
        steps.warn(text, "see docs/explanation/security.md")
    return False


def _start_apps(steps: Steps, machine: Machine) -> None:
    """After `uninstall` and a new installation, and with a backup's files, apps come back."""
    try:
        steps.step("Starting the apps", partial(_start, machine))
    except CommandFailedError:
        steps.warn(
            "not everything could be started",
            f"pushdeploy reconcile tells why; or journalctl -u {server_units.BOOT}",
        )
    for app in idle(machine):
        if _misfit(machine, app) is None:
            steps.fault(
                f"{app} should be live according to its records, but is not running",
                f"pushdeploy ps {app}",
            )


def _start(machine: Machine) -> bool:
    """The unit of the boot does it once; files that came later are not started by it."""
    started = server_units.start_apps()
    if not idle(machine):
        return started
    boot_all(machine)
    return True


def _name_misfits(steps: Steps, machine: Machine) -> None:
    """An app that has lost its Python runs on until it stops, and can't start again."""
    down = idle(machine)
    for app in app_names(machine.layout.apps):
        trouble = _misfit(machine, app)
        if trouble is not None:
            tell = steps.fault if app in down else steps.warn
            tell(f"{app}: {trouble}", fit.hint(app))


def _misfit(machine: Machine, app: str) -> str | None:
    try:
        return fit.live_misfit(machine, AppRecords(machine.layout.app(app)))
    except PushdeployError as error:
        return error.message


def _close(steps: Steps, app: str) -> None:
    if steps.faulty:
        steps.result("Installed, but not ready: see what is marked with ! above")
    elif steps.unfinished:
        steps.result("Installed, but not all of it: see what is marked with ! above")
    else:
        steps.result("Ready" if steps.changed else "Ready, nothing to do")
    if not steps.faulty:  # else it may be another site that is there
        for line in bare_lines(server_machine()):
            steps.detail(line)
    if not keys.listing(SERVER.keys):
        steps.detail("Nobody may push yet. Add your laptop's public key:")
        steps.detail("  sudo ./installer.sh --key id_ed25519.pub")
    here, port = address.own_address()
    steps.detail("On your laptop, in the folder of the app:")
    steps.say("")
    steps.detail(f"  git remote add production {_remote(here, port or sshd.port(), app)}")
    steps.detail(f"  {push_command(_branch(app))}")
    steps.say("")
    if not address.is_reachable_from_afar(here):
        steps.detail(f"If the laptop knows this server by another name, write that for `{here}`.")


def _branch(app: str) -> str:
    """The app's deploy branch; empty when nobody has chosen one, or there is no such app."""
    found = facts(SERVER.app(app))
    return found.branch if found else ""


def _remote(here: str, port: int, app: str) -> str:
    name = f"[{here}]" if ":" in here else here
    if port == SSH_PORT:
        return f"{GIT_USER}@{name}:{app}"
    return f"ssh://{GIT_USER}@{name}:{port}/{app}"
