"""An ACME server for one host: Debian's Pebble, run beside it in its network."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.system import processes
from tests.system.host import Host

DIRECTORY = "https://127.0.0.1:14000/dir"
DNS = "127.0.0.1:8063"
MANAGEMENT = 8065
READY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Pebble:
    """The running server; its DNS answers 127.0.0.1 for every name unless told otherwise."""

    host: Host
    server: subprocess.Popen[str]

    def lead_astray(self, domain: str) -> None:
        """Have its DNS lead a name to an address where nobody answers."""
        body = json.dumps({"host": f"{domain}.", "addresses": ["127.0.0.9"]})
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
    # Debian 12's certbot reports a refused nonce as a fault of its own.
    env = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
    names = processes.start(
        [
            *(*network, "pebble-challtestsrv", "-dns01", DNS, "-http01", "", "-https01", ""),
            *("-tlsalpn01", "", "-management", f"127.0.0.1:{MANAGEMENT}", "-defaultIPv6", ""),
        ],
        env=env,
        joined=True,
    )
    server = processes.start(
        [*network, "pebble", "-config", str(folder / "pebble.json"), "-dnsserver", DNS],
        env=env,
        joined=True,
    )
    try:
        _wait(host)
        yield Pebble(host, server)
    finally:
        processes.end(server)
        processes.end(names)


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
