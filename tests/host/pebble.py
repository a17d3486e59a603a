"""An ACME server for one host: Debian's Pebble, run beside it in its network."""

import json
import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.host import processes, proxy
from tests.host.host import Host

DIRECTORY = "https://127.0.0.1:14000/dir"
ROOT = "https://127.0.0.1:15000/roots/0"
ORDERED = "POST /order-plz"
DNS = "127.0.0.1:8063"
MANAGEMENT = 8065
READY_SECONDS = 20.0

# Debian 12's certbot reports a refused nonce as a fault of its own; every name is tried each time.
KINDNESS = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}


@dataclass(frozen=True, slots=True)
class Pebble:
    """The running server; its DNS answers 127.0.0.1 for every name unless told otherwise."""

    host: Host
    server: subprocess.Popen[str]
    log: Path

    @property
    def orders(self) -> int:
        """How many certificates it was asked for."""
        return self.log.read_text().count(ORDERED)

    def root(self) -> str:
        """The root of the certificates that it gives; another one at each start."""
        return self.host.run("curl", "-sf", ROOT).stdout

    def lead_astray(self, domain: str) -> None:
        """Have its DNS lead a name to an address where nobody answers."""
        body = json.dumps({"host": f"{domain}.", "addresses": [proxy.NOWHERE]})
        url = f"http://127.0.0.1:{MANAGEMENT}/add-a"
        self.host.run("curl", "-sf", "-d", body, url)

    def lead_back(self, domain: str) -> None:
        """The opposite."""
        url = f"http://127.0.0.1:{MANAGEMENT}/clear-a"
        self.host.run("curl", "-sf", "-d", json.dumps({"host": f"{domain}."}), url)

    def stop(self) -> None:
        """End the ACME server; its DNS goes on."""
        processes.end(self.server)


@contextmanager
def running(host: Host, folder: Path) -> Iterator[Pebble]:
    """Start it, trusted by the host like a public one."""
    _make_certificate(folder)
    host.write("/usr/local/share/ca-certificates/pebble.crt", (folder / "chain.pem").read_text())
    host.run("update-ca-certificates")
    settings = {
        "listenAddress": "127.0.0.1:14000",
        "managementListenAddress": "127.0.0.1:15000",
        "certificate": str(folder / "chain.pem"),
        "privateKey": str(folder / "key.pem"),
        "httpPort": 80,
        "tlsPort": 443,
        "externalAccountBindingRequired": False,
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    network = ["nsenter", f"--net=/proc/{host.pid}/ns/net"]
    log = folder / "pebble.log"
    names = _start(
        folder / "names.log",
        [
            *(*network, "pebble-challtestsrv", "-dns01", DNS, "-http01", "", "-https01", ""),
            *("-tlsalpn01", "", "-management", f"127.0.0.1:{MANAGEMENT}", "-defaultIPv6", ""),
        ],
    )
    server = _start(
        log, [*network, "pebble", "-config", str(folder / "pebble.json"), "-dnsserver", DNS]
    )
    try:
        _wait(host)
        yield Pebble(host, server, log)
    finally:
        processes.end(server)
        processes.end(names)


def _start(log: Path, argv: list[str]) -> subprocess.Popen[str]:
    line = f"exec {shlex.join(argv)} >{shlex.quote(str(log))} 2>&1"
    return processes.start(["sh", "-c", line], env={**os.environ, **KINDNESS})


def _wait(host: Host) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while host.run("curl", "-sf", DIRECTORY, check=False).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError("Pebble does not answer")
        time.sleep(0.1)


def _make_certificate(folder: Path) -> None:
    processes.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "30", "-subj", "/CN=pebble"),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "chain.pem")),
        ]
    )
