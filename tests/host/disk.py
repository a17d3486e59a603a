"""A small disk of its own for some folders of a host: to be filled, and to fail."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.host import processes
from tests.host.host import Host

# A build wants 256 MiB to be free; what is not written takes no room outside.
SIZE = "768M"
INODES = 24_000

# Where everything that a deploy or a change of a site writes lies, but for /run.
FOLDERS = ("/var/lib/pushdeploy", "/var/log/pushdeploy", "/etc/pushdeploy", "/etc/nginx")

BALLAST = ".ballast"
CHUNK_BYTES = 4096

# EXT4_IOC_SHUTDOWN of linux/fs/ext4/ext4.h. Its flag has the journal written out first: names last
# and data that was not synced does not.
SHUTDOWN = 0x8004587D
LOG_FLUSH = (1).to_bytes(4, "little")


class Disk:
    """An ext4 of a few hundred megabytes; all its mounts lie under the host's root folder."""

    def __init__(self, host: Host, folders: Sequence[str] = FOLDERS) -> None:
        """Move the folders of a host that is switched off to a new disk, and mount it there."""
        self._root = host.container.root
        self._image = self._root.parent / "disk.img"
        self._place = self._root / "mnt"
        self._folders = {folder: folder.strip("/").replace("/", "-") for folder in folders}
        with self._image.open("wb") as image:
            image.truncate(_bytes(SIZE))
        processes.run(
            ["mkfs.ext4", "-q", "-m", "0", "-N", str(INODES), "-J", "size=8", str(self._image)]
        )
        self._mount_disk()
        for folder, name in self._folders.items():
            source = self._root / folder.strip("/")
            processes.run(["cp", "--archive", str(source), str(self._place / name)])
        self._mount_folders()

    def _mount_disk(self) -> None:
        processes.run(["mount", "-o", "loop", str(self._image), str(self._place)])

    def _mount_folders(self) -> None:
        for folder, name in self._folders.items():
            target = self._root / folder.strip("/")
            processes.run(["mount", "--bind", str(self._place / name), str(target)])

    def unmount(self) -> None:
        """Take it out of the host, which is switched off."""
        for folder in self._folders:
            processes.run(["umount", str(self._root / folder.strip("/"))])
        processes.run(["umount", str(self._place)])

    def replace(self) -> None:
        """Copy what a failed disk has kept to another; the kernel lets go of it when it likes."""
        failed = self._image
        self._image = failed.with_name(f"disk-{time.monotonic_ns()}.img")
        processes.run(["cp", "--sparse=always", str(failed), str(self._image)])
        failed.unlink()

    def mount(self) -> None:
        """Put it in again: the journal is played back."""
        self._mount_disk()
        self._mount_folders()

    @property
    def _ballast(self) -> Path:
        return self._place / BALLAST

    @contextmanager
    def full(self) -> Iterator[None]:
        """No block is free while the block runs."""
        self._ballast.mkdir()
        try:
            self._take_blocks()
            yield
        finally:
            shutil.rmtree(self._ballast)

    @contextmanager
    def without_inodes(self) -> Iterator[None]:
        """No file can be made while the block runs."""
        self._ballast.mkdir()
        try:
            self._take_inodes()
            yield
        finally:
            shutil.rmtree(self._ballast)

    def fail(self) -> None:
        """From here on every read and write fails (EIO), and data that was not synced is lost."""
        descriptor = os.open(self._place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, LOG_FLUSH)
        finally:
            os.close(descriptor)

    def _take_blocks(self) -> None:
        descriptor = os.open(self._ballast / "blocks", os.O_WRONLY | os.O_CREAT)
        try:
            # Less and less at a time, until not even one block is left.
            step = _bytes(SIZE)
            end = 0
            while step >= CHUNK_BYTES:
                try:
                    os.posix_fallocate(descriptor, end, step)
                    end += step
                except OSError:
                    step //= 2
        finally:
            os.close(descriptor)

    def _take_inodes(self) -> None:
        with suppress(OSError):
            for number in range(INODES + 1):
                os.mknod(self._ballast / str(number))


def _bytes(size: str) -> int:
    return int(size.removesuffix("M")) << 20
