"""The host of the other tests on a disk of its own, which forgets when the power is cut.

The disk is a loop device over `fuse`, so that its file system is the kernel's own ext4, with its
journal, at full speed.
"""

from random import Random

from tests.host import processes
from tests.host.vm.disk import Disk, Lost
from tests.host.vm.fuse import Served
from tests.host.vm.powered import Powered, make_image


class LossyHost(Powered):
    """One server; `with LossyHost.from_disk(...)` removes it at the end."""

    def _lay_out(self, suite: str) -> None:
        root = self.container.root
        self._served: Served | None = None
        self.image = make_image(self.container, suite)
        if root.is_mount():
            processes.run(["umount", str(root)])
        self._disk = Disk(self.image)

    def power_on(self) -> None:
        """Start it and wait until all units have started, or failed to."""
        root = self.container.root
        self._disk.power_on()
        self._served = Served(self._disk, root.parent / "served")
        processes.run(["mount", "-o", "loop", str(root.parent / "served"), str(root)])
        super().power_on()

    def cut_power(self, random: Random) -> Lost:
        """End it at once; by chance some of what the disk was not told to keep is there.

        All processes stand still before that, so whatever anybody was told was told before.
        """
        self.container.pause()
        lost = self._disk.cut(random)
        self.container.kill()
        self._detach()
        return lost

    def close(self) -> None:
        """Remove the server with its disk."""
        self.container.kill()
        self._detach()
        self._disk.close()
        super().close()

    def _detach(self) -> None:
        """Unmount the disk; what the kernel still has to write goes nowhere."""
        if self.container.root.is_mount():
            processes.run(["umount", str(self.container.root)])
        if self._served is not None:
            self._served.close()
            self._served = None
