"""A server with a power switch and a disk whose cache is lost when it is used."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Self

from tests.host import processes, wheelhouse
from tests.host.container import Container
from tests.host.host import WHEELS, Host
from tests.host.vm.disk import Lost

DISK = "3G"
MAKE_SECONDS = 600.0

PATIENT = {"app.json": '{"healthchecks": {"web": [{"path": "/", "timeout": 60, "attempts": 10}]}}'}
"""For an app on a slow server."""


class Powered(Host, ABC):
    """What a test of power cuts needs of a server."""

    image: Path
    """The disk, as a file."""

    def __init__(self, layers: Sequence[Path], name: str, suite: str) -> None:
        """Lay out the disk; `power_on` is the next thing to do."""
        super().__init__(Container(layers, f"{name}-{suite}", {}))
        try:
            self._lay_out(suite)
        except BaseException:
            self.container.remove()
            raise

    @classmethod
    def from_disk(cls, suite: str, name: str, disk: Sequence[Path]) -> Self:
        """Boot a throw-away server from the disk that `Host.freeze` gave."""
        server = cls(disk, name, suite)
        try:
            server.power_on()
        except BaseException:
            server.close()
            raise
        return server

    @abstractmethod
    def _lay_out(self, suite: str) -> None:
        """Make the disk of the container's files, and what else it needs to be started."""

    @abstractmethod
    def cut_power(self, random: Random) -> Lost:
        """End it at once; by chance some of what the disk was not told to keep is there."""

    def kill_power(self) -> None:
        """End it at once."""
        self.cut_power(Random())  # noqa: S311 - chance, not secrets

    def check_disk(self) -> str:
        """Repair the file system as Debian does before it mounts it; returns what is then wrong."""
        replayed = processes.run(["e2fsck", "-p", str(self.image)], check=False)
        checked = processes.run(["e2fsck", "-f", "-n", str(self.image)], check=False)
        wrong = replayed.returncode > 1 or checked.returncode != 0
        return f"{replayed.stdout}{checked.stdout}" if wrong else ""


def make_image(container: Container, suite: str) -> Path:
    """A disk with an ext4 of all files of a container, and the Python packages."""
    image = container.root.parent / "image"
    wheels = f"{wheelhouse.build(suite)}/."
    target = container.root / WHEELS.lstrip("/")
    target.mkdir(parents=True, exist_ok=True)
    processes.run(["cp", "--recursive", wheels, str(target)])
    make = ["mke2fs", "-q", "-t", "ext4", "-d", str(container.root), str(image), DISK]
    processes.run(make, timeout=MAKE_SECONDS)
    return image
