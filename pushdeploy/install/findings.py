"""What the installer finds on a server that is not empty: by content, and by who holds what.

The standard library has to do: it looks before the tool has its packages.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError
from pushdeploy.model.layout import SERVER
from pushdeploy.model.settings import FIRST_PORT
from pushdeploy.records.app_records import app_names
from pushdeploy.system import command, listeners, server_users, sshd, tool, ufw
from pushdeploy.system.address import ssh_connection
from pushdeploy.system.command import Command
from pushdeploy.system.existing_sites import ExistingSite, existing_sites
from pushdeploy.system.resources import resource
from pushdeploy.system.systemctl import transient_until_end, unit_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pushdeploy.install.wishes import Wishes
    from pushdeploy.system.listeners import Listener

WEB_PORTS = (80, 443)
OUR_SERVERS = ("nginx",)
SERVERS = ("gunicorn", "uvicorn", "hypercorn", "daphne", "waitress-serve", "uwsgi")
CRON_FOLDERS = (Path("/etc/cron.d"), Path("/var/spool/cron/crontabs"))
CRON_WORDS = ("certbot", "gunicorn", "git pull", "nginx", "acme.sh")
FREE_BYTES = 700_000_000
"""The tool with its packages for the next Pythons, Debian's packages, and a first app."""

ALWAYS_OPEN = (68, 546, 5353)
"""DHCP and mDNS: ufw's own rules let them in."""

MEGABYTE = 1_000_000


class Kind(StrEnum):
    """What a finding means for the installation."""

    IN_THE_WAY = "in the way"
    """Nothing is installed before it is gone."""
    CHANGES = "changes"
    """Something of others' changes; somebody has to agree."""
    UNREADY = "unready"
    """Nothing of ours can cure it, and until somebody does there are no pushes."""
    STAYS = "stays"
    """Worth knowing: it goes on as it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found."""

    kind: Kind
    text: str
    hint: str = ""


def findings(wishes: Wishes) -> Iterator[Finding]:
    """Everything that matters for these wishes; changes nothing."""
    listening = listeners.listeners()
    for one in server_users.foreign_users():
        yield Finding(Kind.IN_THE_WAY, one.message, one.hint)
    yield from _raised(tool.check_command)
    yield from _sshd()
    yield from _room()
    yield from _sandbox()
    yield from _ports(wishes, listening)
    yield from _sites(wishes, existing_sites())
    yield from _firewall(wishes, listening)
    yield from _services()
    yield from _cron()


def _raised(look: Callable[[], object]) -> Iterator[Finding]:
    """What a check of the installation itself has against it."""
    try:
        look()
    except PushdeployError as error:
        yield Finding(Kind.IN_THE_WAY, error.message, error.hint or "")


def _sshd() -> Iterator[Finding]:
    """Not there yet on a minimal server; then apt brings it as it should be."""
    if not sshd.MAIN.exists():
        return
    trouble = list(_raised(sshd.check_sshd))
    yield from trouble
    if not trouble:  # its settings can be read
        for text, line in sshd.will_shut_out():
            yield Finding(Kind.UNREADY, text, line)


def _room() -> Iterator[Finding]:
    for folder in ("/opt", "/var/lib"):
        free = shutil.disk_usage(folder).free
        if free < FREE_BYTES and not tool.ROOT.exists():
            yield Finding(
                Kind.IN_THE_WAY,
                f"{folder} has {free // MEGABYTE} MB free; {FREE_BYTES // MEGABYTE} are needed",
                "sudo apt-get clean; df -h",
            )
            return


def _sandbox() -> Iterator[Finding]:
    """Apps run in namespaces of the kernel, which some virtual servers do not give."""
    rules = resource("templates") / "systemd" / "sandbox.j2"
    plain = [line for line in rules.read_text().splitlines() if "=" in line and line[0] not in "#{"]
    options = [f"--property={line}" for line in plain if "{{" not in line]
    line = transient_until_end([*options, "--uid=nobody"], ["/bin/true"])
    tried = command.attempt(Command(line))
    if tried.status != 0:
        yield Finding(
            Kind.IN_THE_WAY,
            "this machine can't run programs in systemd's sandbox, as some containers can't: "
            f"{tried.stderr.strip() or f'`true` ended with {tried.status}'}",
            "use a virtual machine, or a container that may nest: systemd-detect-virt",
        )


def _ports(wishes: Wishes, listening: Sequence[Listener]) -> Iterator[Finding]:
    listening = [one for one in listening if one.protocol == "tcp"]
    for port in WEB_PORTS:
        for one in listening:
            if one.port == port and one.name not in OUR_SERVERS and not one.is_local:
                yield _web_port(wishes, one)
                break
    wanted = wishes.port or (FIRST_PORT if wishes.app and not app_names(SERVER.apps) else None)
    for one in listening:
        if one.port == wanted and not one.name.startswith("pushdeploy-"):
            taken = {other.port for other in listening}
            free = range(max(one.port + 1, FIRST_PORT), 65_536)
            another = next((port for port in free if port not in taken), FIRST_PORT)
            yield Finding(
                Kind.IN_THE_WAY,
                f"port {wanted} is in use by {one.holder}",
                f"stop it, or: sudo ./installer.sh --app {wishes.app} --port {another}",
            )
            break


def _web_port(wishes: Wishes, one: Listener) -> Finding:
    held = f"port {one.port} is in use by {one.holder}, so nginx can't answer there"
    if wishes.domains or wishes.email:
        return Finding(
            Kind.IN_THE_WAY,
            held,
            "stop it and keep it from starting again; or leave --domain out, and have it pass "
            "requests on to 127.0.0.1:8000",
        )
    return Finding(Kind.STAYS, f"{held}: it stays, and apps answer on 127.0.0.1 only")


def _sites(wishes: Wishes, sites: Iterable[ExistingSite]) -> Iterator[Finding]:
    wanted = set(wishes.domains)
    for one in sites:
        taken = wanted & set(one.names)
        if taken:
            yield Finding(
                Kind.IN_THE_WAY,
                f"`{min(taken)}` is already served: {one.file}, line {one.line}, {one.serves}",
                f"remove the name there, or disable that site, then: nginx -t; see {one.file}",
            )
        elif one.welcome:
            yield Finding(
                Kind.STAYS,
                f"{one.file}: the distribution's welcome page, unchanged; it gives way to "
                "the apps, and comes back with `uninstall`",
            )
        else:
            answers = " and for names that nobody has" if one.default else ""
            yield Finding(
                Kind.STAYS,
                f"nginx serves {one.title}{answers}: {one.serves}; it stays as it is",
                "an app without a domain can't be reached from outside" if one.default else "",
            )


def _firewall(wishes: Wishes, listening: Sequence[Listener]) -> Iterator[Finding]:
    if not wishes.firewall:
        return
    if unit_state("firewalld") == "active":
        yield Finding(
            Kind.IN_THE_WAY,
            "firewalld is on, and two firewalls would interfere with each other",
            "leave --firewall out: firewall-cmd --permanent --add-service=http --add-service=https",
        )
        return
    if not ufw.is_installed():
        allowed: set[int] = set()
    else:
        yield from _raised(lambda: ufw.plan(ssh_connection()))
        if ufw.is_active():
            return
        allowed = ufw.allowed_ports()
    kept = {*allowed, *WEB_PORTS, *ufw.ssh_ports(ssh_connection())}
    shut = {
        (one.port, one.protocol): one
        for one in listening
        if not one.is_local and one.port not in kept and one.port not in ALWAYS_OPEN
    }
    for _, one in sorted(shut.items()):
        yield Finding(
            Kind.CHANGES,
            f"--firewall shuts port {one.port}/{one.protocol} (`{one.name}`), "
            "which can be reached from outside now",
            f"to keep it open: sudo ufw allow {one.port}/{one.protocol}; to agree: --yes",
        )


def _services() -> Iterator[Finding]:
    for unit, program in listeners.units_that_serve(SERVERS):
        if not unit.startswith("pushdeploy"):
            yield Finding(Kind.STAYS, f"{unit} runs {program}: it stays as it is")


def _cron() -> Iterator[Finding]:
    for file in _crontabs():
        try:
            lines = file.read_text(errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            if not line.lstrip().startswith("#") and any(word in line for word in CRON_WORDS):
                yield Finding(Kind.STAYS, f"cron ({file}): {' '.join(line.split())[:60]}: it stays")


def _crontabs() -> Iterator[Path]:
    yield Path("/etc/crontab")
    for folder in CRON_FOLDERS:
        if folder.is_dir():
            for name in sorted(os.listdir(folder)):
                # Debian's own line for certbot leaves its work to the timer.
                if name != "certbot":
                    yield folder / name
