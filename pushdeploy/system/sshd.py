"""sshd: one file of ours in its folder of settings, about the user `deploy` and nobody else.

sshd is asked whether it accepts the change before it is told to reload; if it does not, the file is
put back as it was. Open connections go on (sshd(8), sshd_config(5)).
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.account import GIT_USER
from pushdeploy.model.ssh_access import keeps_out
from pushdeploy.system import command, pam
from pushdeploy.system.address import ELSEWHERE, ssh_connection
from pushdeploy.system.command import Command, Output
from pushdeploy.system.files import File, make_folder, sync_folder, write
from pushdeploy.system.rendering import render
from pushdeploy.system.systemctl import systemctl, unit_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pushdeploy.model.layout import Layout

MAIN = Path("/etc/ssh/sshd_config")
SNIPPET = Path("/etc/ssh/sshd_config.d/60-pushdeploy.conf")
SERVICE = "ssh.service"
SOCKET = "ssh.socket"
ACCESS = Path("/etc/security/access.conf")
PORT = 22
RUN = Path("/run/sshd")
"""`sshd -t` and `sshd -T` want it, and it is missing where a socket starts sshd, as on Ubuntu."""

INCLUDE = re.compile(r"^\s*include\s.*/etc/ssh/sshd_config\.d/\*\.conf", re.MULTILINE)
_PORT = re.compile(r"^[ \t]*port[ \t]+([0-9]{1,5})[ \t]*$", re.MULTILINE | re.IGNORECASE)
MICROSECONDS = 1e6
"""In a second."""

ALIVE_SECONDS = 15
"""How often a silent client is asked whether it is still there."""


def check_sshd() -> None:
    """See that sshd would take a file of ours, before anything is changed.

    Raises:
        UnavailableError: it would not, and why.
    """
    if not INCLUDE.search(MAIN.read_text(errors="replace").lower()):
        raise UnavailableError(
            f"`{MAIN}` does not include the folder `{SNIPPET.parent}`",
            hint=f"put this line at its top: Include {SNIPPET.parent}/*.conf",
        )
    _test()


def ensure_snippet(layout: Layout) -> bool:
    """Let the keys of pushdeploy log in as `deploy`; returns False when they could already.

    Raises:
        UnavailableError: sshd does not accept it, or does not obey it; nothing has changed then.
    """
    text = render(
        f"sshd/{SNIPPET.name}.j2", user=GIT_USER, keys=layout.keys, alive_seconds=ALIVE_SECONDS
    )
    before = _content()
    changed = write(File(SNIPPET, text))
    try:
        _test()
        _check_obeyed(layout.keys)
        if changed or _is_newer_than_sshd():
            _reload()
    except UnavailableError:
        if changed:
            _put_back(before)
        raise
    return changed


def remove_snippet() -> bool:
    """Take the file away again; returns False when there was none.

    Raises:
        UnavailableError: sshd does not accept its settings without it; the file is there again.
    """
    before = _content()
    if before is None:
        return False
    SNIPPET.unlink()
    sync_folder(SNIPPET.parent)
    try:
        _test()
        _reload()
    except UnavailableError:
        _put_back(before)
        raise
    return True


def port() -> int:
    """Where sshd listens; the first of several ports."""
    return next(iter(ports()), PORT)


def ports() -> list[int]:
    """The ports of sshd's settings; none when it can't be asked."""
    return [int(value) for value in _settings().get("port", [])]


def written_ports() -> list[int]:
    """The same as its files have it, without starting a program; its own where none is written."""
    found: list[int] = []
    for file in (MAIN, *sorted(SNIPPET.parent.glob("*.conf"))):
        with contextlib.suppress(OSError):
            found += map(int, _PORT.findall(file.read_text(errors="replace")))
    return found or [PORT]


def shut_out() -> Iterator[tuple[str, str]]:
    """Settings of the administrator's that keep `deploy` out all the same, and what cures each."""
    settings = _settings(GIT_USER)
    yield from _keeps_out(settings)
    if settings.get("usepam") == ["yes"] and _refused_by_pam():
        yield (
            f"PAM keeps {GIT_USER} out: {_access_line() or 'a module of /etc/pam.d/sshd'}",
            f"above every line of {ACCESS} that begins with `-`: + : {GIT_USER} : ALL",
        )


def will_shut_out() -> Iterator[tuple[str, str]]:
    """The same before anything is installed: only lists of users and groups, which ours leaves."""
    lists = {
        name: value
        for name, value in _settings(GIT_USER).items()
        if name.startswith(("allow", "deny")) and name.endswith(("users", "groups"))
    }
    yield from _keeps_out(lists)


def _keeps_out(settings: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for found, line in keeps_out(settings, GIT_USER, _groups(GIT_USER)):
        name = found.partition(" ")[0]
        yield (
            f"sshd's own settings keep {GIT_USER} out: {found}",
            f"in {_place(name)}: {line}; then: systemctl reload ssh",
        )


def _groups(user: str) -> list[str]:
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        return [user]
    own = os.getgrouplist(user, found.pw_gid)
    return [group.gr_name for gid in own for group in grp.getgrall() if group.gr_gid == gid]


def _place(name: str) -> Path:
    """The file in which a setting stands; sshd does not say."""
    pattern = re.compile(rf"^\s*{name}\b", re.MULTILINE | re.IGNORECASE)
    for path in (*sorted(SNIPPET.parent.glob("*.conf")), MAIN):
        if path != SNIPPET and pattern.search(path.read_text(errors="replace")):
            return path
    return MAIN


def _refused_by_pam() -> bool:
    """From the client that asks now, if any, and from an address that nobody has named."""
    if not pam.refused("sshd", GIT_USER, ELSEWHERE[0]):
        return False
    client = ssh_connection().partition(" ")[0]
    if client and not pam.refused("sshd", GIT_USER, client):
        return False
    return not any(line.startswith("+") and GIT_USER in line.split() for line in _access_lines())


def _access_line() -> str:
    """The line of pam_access that is to blame, if it is."""
    found = next((line for line in _access_lines() if line.startswith("-")), "")
    return f"`{found}` in {ACCESS}" if found else ""


def _access_lines() -> list[str]:
    try:
        return [line.strip() for line in ACCESS.read_text(errors="replace").splitlines()]
    except OSError:
        return []


def _test() -> None:
    tested = _sshd("-t")
    if tested.status != 0:
        raise UnavailableError(
            f"sshd does not accept its settings: {_first_line(tested.stderr)}",
            hint="sshd -t says the same; fix it and run the installer again",
        )


def _check_obeyed(keys: Path) -> None:
    """A `Match` of somebody else's that comes first would win, and an `Include` in one be idle."""
    obeyed = _settings(GIT_USER).get("authorizedkeysfile")
    if obeyed != [str(keys)]:
        raise UnavailableError(
            f"sshd does not obey `{SNIPPET}`: for `{GIT_USER}` it reads the keys in "
            f"`{' '.join(obeyed or ['none'])}`",
            hint=f"grep -rn -A9 '^Match' {MAIN} {SNIPPET.parent}",
        )


def _settings(user: str | None = None) -> dict[str, list[str]]:
    """What sshd goes by, as `sshd -T` shows it; values of a name that comes twice are joined.

    Names are in lower case here; from OpenSSH 10.4 on, sshd prints them as its manual writes them.
    """
    asked = ["-C", f"user={user},host=localhost,addr=127.0.0.1"] if user else []
    shown = _sshd("-T", *asked).stdout
    settings: dict[str, list[str]] = {}
    for line in shown.splitlines():
        name, _, value = line.partition(" ")
        settings.setdefault(name.lower(), []).extend(value.split())
    return settings


def _sshd(*options: str) -> Output:
    if not RUN.exists():
        make_folder(RUN, mode=0o755)
    return command.attempt(Command(["sshd", *options]))


def _reload() -> None:
    """Where nothing runs, a socket starts sshd for each connection, or later.

    An sshd that got its listener from a socket can't bind it again when it reloads, and ends
    (seen with OpenSSH 10.6); restarted, it gets it again. Open connections go on either way, since
    the unit has `KillMode=process`, and new ones wait in the socket.
    """
    if not _is_active(SERVICE):
        return
    verb = "restart" if _is_active(SOCKET) else "reload"
    reloaded = systemctl(verb, SERVICE, check=False)
    if reloaded.status != 0:
        raise UnavailableError(
            f"sshd did not {verb}: {_first_line(reloaded.stderr)}",
            hint=f"systemctl status {SERVICE}",
        )


def _is_active(unit: str) -> bool:
    return unit_state(unit) == "active"


def _is_newer_than_sshd() -> bool:
    """True when the file came after sshd had read its settings, as with a backup's files."""
    show = ("show", "--value", "--property=StateChangeTimestampMonotonic", SERVICE)
    since = float(systemctl(*show, check=False).stdout.strip() or 0) / MICROSECONDS
    return SNIPPET.stat().st_ctime > time.time() - time.monotonic() + since


def _put_back(content: str | None) -> None:
    if content is None:
        SNIPPET.unlink(missing_ok=True)
        sync_folder(SNIPPET.parent)
    else:
        write(File(SNIPPET, content))
    if _sshd("-t").status == 0:
        _reload()


def _content() -> str | None:
    try:
        return SNIPPET.read_text()
    except FileNotFoundError:
        return None


def _first_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line]
    return lines[0] if lines else "it says nothing"
