"""Another machine, joined to a host by a wire of their own: what it can reach, anybody could.

It is a network namespace; nothing leads out of the two.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.host import processes
from tests.host.host import Host

SERVER = "10.99.0.1"
SERVER_6 = "fd99::1"
ADDRESSES = ((f"{SERVER}/24", f"{SERVER_6}/64"), ("10.99.0.2/24", "fd99::2/64"))
WIRE = ("wire0", "wire1")

LOOK_SECONDS = "3"
"""A packet that is dropped is waited for so long."""


@dataclass(frozen=True, slots=True)
class Outside:
    """The other machine."""

    pid: int

    def run(self, *argv: str) -> processes.Result:
        """Run a program of this machine in its network."""
        return processes.run(["nsenter", f"--net=/proc/{self.pid}/ns/net", *argv], check=False)

    def reaches(self, port: int, address: str = SERVER) -> bool:
        """True when somebody accepts a connection there."""
        opened = f"exec 3<>/dev/tcp/{address}/{port}"
        return self.run("timeout", LOOK_SECONDS, "bash", "-c", opened).returncode == 0

    def curl(self, name: str, scheme: str) -> str:
        """The status of the answer, and the version of HTTP."""
        quiet = ("--silent", "--insecure", "--max-time", "10", "--output", "/dev/null")
        here = ("--resolve", f"{name}:80:{SERVER}", "--resolve", f"{name}:443:{SERVER}")
        shown = ("--write-out", "%{http_code} %{http_version}")
        return self.run("curl", *quiet, *here, *shown, f"{scheme}://{name}/").stdout


@contextmanager
def outside(host: Host) -> Iterator[Outside]:
    """Make the machine and the wire, which both go with it."""
    ready = ["unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity"]
    with processes.start(ready) as holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline() == "ready\n"
            peer = ("type", "veth", "peer", "name", WIRE[1], "netns", str(holder.pid))
            _ip(host.pid, "link", "add", WIRE[0], *peer)
            for pid, name, addresses in zip((host.pid, holder.pid), WIRE, ADDRESSES, strict=True):
                for address in addresses:
                    at_once = ("nodad",) if ":" in address else ()
                    _ip(pid, "address", "add", address, "dev", name, *at_once)
                _ip(pid, "link", "set", name, "up")
            yield Outside(holder.pid)
        finally:
            processes.end(holder)


def _ip(pid: int, *words: str) -> None:
    processes.run(["nsenter", f"--net=/proc/{pid}/ns/net", "ip", *words])
