"""Visitors of an app on a host: the strict load client, in the host's network."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.host import processes
from tests.host.checkout import CHECKOUT
from tests.host.host import Host
from tests.host.story import eventually

CLIENT = CHECKOUT / "tests/load/client.py"

BODY = r"--body-regex=v=\d+ release=v\d+ pid=\d+\n?"

# Kept and fresh connections, requests of 2 s, and bodies that are sent; every answer is checked.
MIXED = (
    *("--rate=50", "--connections=6", "--fresh=25", "--slow-every=0.5", "--post-every=0.1"),
    BODY,
)
END_SECONDS = 60.0


class Visit:
    """What one run of the client saw; the report is there when it has ended."""

    def __init__(self) -> None:
        self.report: dict[str, Any] = {}

    @property
    def requests(self) -> int:
        """How many were sent."""
        return int(self.report["requests"])

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Every request that was not answered well."""
        return list(self.report["errors"])

    @property
    def releases(self) -> list[str]:
        """The releases that answered."""
        return [version.split("release=")[1] for version in self.report["versions"]]

    @property
    def figures(self) -> str:
        """The figures that matter, in one line."""
        kinds = {kind: one["requests"] for kind, one in self.report["kinds"].items()}
        outcomes = {name: number for name, number in self.report["outcomes"].items() if number}
        worst = {kind: one["latency_ms"].get("max") for kind, one in self.report["kinds"].items()}
        return f"{self.requests} requests {kinds}; {outcomes}; worst ms {worst}"


@contextmanager
def visitors(host: Host, url: str, *options: str) -> Iterator[Visit]:
    """Send requests while the block runs, and until those under way are answered."""
    visit = Visit()
    with TemporaryDirectory(prefix="visitors-") as folder:
        end, report = Path(folder, "end"), Path(folder, "report.json")
        argv = [
            *("nsenter", f"--net=/proc/{host.pid}/ns/net", sys.executable, str(CLIENT)),
            *(f"--url={url}", f"--until-file={end}", f"--report={report}", *options),
        ]
        client = processes.start(argv, joined=True)
        try:
            yield visit
            end.touch()
            output, _ = client.communicate(timeout=END_SECONDS)
            assert report.exists(), output
            visit.report = json.loads(report.read_text())
            sys.stderr.write(f"{visit.figures}\n")  # pytest -rP shows it
        finally:
            processes.end(client)


def wait_until_held(host: Host, port: int, connections: int) -> None:
    """Until so many connections to a port are open."""

    def enough() -> bool:
        listed = host.run("ss", "-Htn", "state", "established", f"( dport = :{port} )")
        return len(listed.stdout.splitlines()) >= connections

    eventually(enough, wanted=True)
