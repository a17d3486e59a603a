"""What the tests of the proxy ask nginx on a host: as a visitor would."""

from collections.abc import Sequence
from pathlib import Path

from tests.host import processes
from tests.host.host import Host
from tests.host.web import Answer, http_request

NAMES = ("blog.example.com", "www.example.com", "other.example.com", "lost.example.com")
NOWHERE = "192.0.2.9"
"""An address of RFC 5737: no way leads there."""


def know_names(host: Host, address: str = "127.0.0.1", names: Sequence[str] = NAMES) -> None:
    """Have the host's own DNS lead some names to itself, or elsewhere; it knows no others."""
    lines = "".join(f"{address} {name}\n" for name in names)
    host.write("/etc/hosts", f"127.0.0.1 localhost server\n::1 localhost\n{lines}")


def nginx_pids(host: Host) -> set[str]:
    """Master and workers, without those that only end after a reload, and without `nginx -t`."""
    told = host.run("pgrep", "--list-full", "--full", "^nginx: (master|worker) process").stdout
    return {one.split()[0] for one in told.splitlines() if "shutting down" not in one}


def visit(host: Host, url: str, **request: str) -> Answer:
    """What a visitor gets from nginx on port 80."""
    return http_request(host, url, headers=request)


def curl(host: Host, *words: str) -> tuple[int, str]:
    """curl's exit status (52: closed without an answer, 35: handshake refused) and its output."""
    done = host.run("curl", "--silent", "--insecure", "--max-time", "10", *words, check=False)
    return done.returncode, done.stdout


def handshake(host: Host, name: str, *options: str) -> str:
    """What openssl says of a handshake."""
    words = ("-connect", "127.0.0.1:443", "-servername", name, *options)
    done = host.run("openssl", "s_client", *words, check=False)
    return done.stdout + done.stderr


def make_authority(folder: Path) -> Path:
    """A certificate authority of our own; its files are `ca.pem` and `ca.key`."""
    processes.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "3650", "-subj", "/CN=Test Root"),
            *("-keyout", str(folder / "ca.key"), "-out", str(folder / "ca.pem")),
        ]
    )
    return folder / "ca.pem"


def make_certificate(folder: Path, *names: str, days: int = 90) -> tuple[str, str]:
    """A certificate for these names by our own authority, and its key: PEM texts."""
    listed = ",".join(f"DNS:{name}" for name in names)
    (folder / "extensions").write_text(f"subjectAltName={listed}\n")
    processes.run(
        [
            *("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", f"/CN={names[0]}", "-keyout", str(folder / "leaf.key")),
            *("-out", str(folder / "leaf.csr")),
        ]
    )
    processes.run(
        [
            *("openssl", "x509", "-req", "-in", str(folder / "leaf.csr"), "-days", str(days)),
            *("-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca.key"), "-CAcreateserial"),
            *("-extfile", str(folder / "extensions"), "-out", str(folder / "leaf.pem")),
        ]
    )
    return (folder / "leaf.pem").read_text(), (folder / "leaf.key").read_text()
