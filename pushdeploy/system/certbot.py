"""certbot asks an ACME server for certificates; it never touches nginx's files.

`certonly --webroot`; the account, the keys and the renewal are Debian's own (certbot.timer).
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.site import Certificate
from pushdeploy.system import command
from pushdeploy.system.command import Command
from pushdeploy.system.files import File, write

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path("/etc/letsencrypt")
LIVE = FOLDER / "live"
OURS = "pushdeploy-"
"""What certbot's names of our certificates begin with."""

HOOK = Path("/etc/letsencrypt/renewal-hooks/deploy/pushdeploy")
ISSUE_SECONDS = 300.0

HOOK_TEXT = """\
#!/bin/sh
# Made by pushdeploy: after a renewal nginx loads the new certificate, and that is verified.
exec /usr/local/bin/pushdeploy certs:renewed
"""

_SAID = re.compile(r"(?:Detail|Domain): |.*urn:ietf:params:acme:error")
_UNREACHABLE = re.compile(
    r"Connection refused|Connection timed out|Temporary failure in name resolution"
    r"|Name or service not known|No route to host|Network is unreachable|Read timed out"
)
"""What Python says when there is no connection, somewhere in certbot's last words."""

_TALK = re.compile(r"Saving debug|Ask for help|See the logfile|An unexpected error|Requesting a")


def name_of(app: str) -> str:
    """Certbot's name of an app's certificate."""
    return f"{OURS}{app}"


def certificate(app: str) -> Certificate:
    """Where certbot keeps an app's certificate."""
    folder = LIVE / name_of(app)
    return Certificate(folder / "fullchain.pem", folder / "privkey.pem")


def issue(app: str, domains: Sequence[str], *, webroot: Path, email: str, server: str) -> None:
    """Ask for a certificate for these names, or for more names on the one that is there.

    Raises:
        UnavailableError: it was not given, with what the ACME server said. What was there stays.
    """
    hook()
    line = Command(
        [
            "certbot",
            "certonly",
            "--webroot",
            f"--webroot-path={webroot}",
            f"--cert-name={name_of(app)}",
            *(f"--domain={domain}" for domain in domains),
            f"--email={email}",
            f"--server={server}",
            "--agree-tos",
            "--no-eff-email",
            "--non-interactive",
            "--keep-until-expiring",
            "--expand",
            "--renew-with-new-domains",
            "--no-directory-hooks",
        ]
    )
    done = command.attempt(line, seconds=ISSUE_SECONDS)
    unreachable = _UNREACHABLE.search(done.stdout + done.stderr)
    if done.status != 0 and unreachable:
        raise UnavailableError(
            f"the ACME server can't be reached: {unreachable[0]}",
            hint=f"curl --silent --show-error --head {server}",
        )
    if done.status != 0:
        raise UnavailableError(
            f"no certificate for {', '.join(domains)}: {_told(done.stdout, done.stderr)}",
            hint="sudo less /var/log/letsencrypt/letsencrypt.log",
        )


def hook() -> bool:
    """Have certbot tell us of renewals; returns False when it does already."""
    HOOK.parent.mkdir(parents=True, exist_ok=True)
    return write(File(HOOK, HOOK_TEXT, 0o755))


def unhook() -> bool:
    """Have certbot tell us of renewals no more; returns False when it did not."""
    there = HOOK.exists()
    HOOK.unlink(missing_ok=True)
    return there


def apps() -> list[str]:
    """The apps that certbot has a certificate of ours for."""
    return sorted(path.name.removeprefix(OURS) for path in LIVE.glob(f"{OURS}*"))


def delete(app: str) -> None:
    """Forget an app's certificate, so that it is not renewed any more."""
    if (LIVE / name_of(app)).exists():
        line = ["certbot", "delete", "--non-interactive", f"--cert-name={name_of(app)}"]
        command.attempt(Command(line))


def save(folder: Path) -> None:
    """Copy our certificates with what renews them into a new folder, as they lie here."""
    for name in map(name_of, apps()):
        for part in _parts(name):
            if (FOLDER / part).exists():
                _copy(FOLDER / part, folder / part)
    if (FOLDER / "accounts").is_dir():
        _copy(FOLDER / "accounts", folder / "accounts")


def bring_back(folder: Path, app: str) -> bool:
    """Put an app's certificate where it was on another server; False when there is none.

    What is here stays. What makes it count comes last.
    """
    name = name_of(app)
    if not (folder / "live" / name).is_dir() or (LIVE / name).exists():
        return False
    if (folder / "accounts").is_dir():
        _copy(folder / "accounts", FOLDER / "accounts")
    for part in _parts(name):
        if (folder / part).exists():
            _copy(folder / part, FOLDER / part)
    hook()
    return True


def _parts(name: str) -> tuple[str, ...]:
    return (f"archive/{name}", f"renewal/{name}.conf", f"live/{name}")


def _copy(source: Path, target: Path) -> None:
    """With modes and links; what is there stays."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if source.is_symlink() or source.is_file():
        if not os.path.lexists(target):
            shutil.copy2(source, target, follow_symlinks=False)
        return
    target.mkdir(mode=0o700, exist_ok=True)
    shutil.copystat(source, target)
    for path in source.iterdir():
        _copy(path, target / path.name)


def is_installed() -> bool:
    """True when certbot is here."""
    return Path("/usr/bin/certbot").exists()


def _told(stdout: str, stderr: str) -> str:
    """What the ACME server said, which is on stdout; else what certbot does not always say."""
    lines = [line.strip() for line in (*stdout.splitlines(), *stderr.splitlines())]
    said = [line for line in lines if _SAID.match(line)]
    return " ".join(said or [line for line in lines if line and not _TALK.match(line)])
