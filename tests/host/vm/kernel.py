"""Debian's own kernel for virtual machines, and a small first file system that finds the disk."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.host import cache, processes

PACKAGE = "linux-image-cloud-amd64"
"""Names the kernel of today by its dependency."""
SHELL = "busybox-static"

# In the order in which they need each other.
MODULES = (
    *("virtio_ring", "virtio", "virtio_mmio", "virtio_blk"),
    *("failover", "net_failover", "virtio_net"),
)

# The network has no more than the machine itself (slirp's addresses), and no udev names it.
INIT = """\
#!/busybox sh
/busybox mkdir -p /dev /proc /sys /disk
/busybox mount -t devtmpfs devtmpfs /dev
for module in {modules}; do /busybox insmod /$module; done
/busybox ip address add 10.0.2.15/24 dev eth0
/busybox ip link set eth0 up
/busybox ip link set lo up
/busybox mount -t ext4 /dev/vda /disk
/busybox mount --move /dev /disk/dev
exec /busybox switch_root /disk /sbin/init
"""


@dataclass(frozen=True, slots=True)
class Kernel:
    """What a machine starts from."""

    image: Path
    initramfs: Path


def fetch() -> Kernel:
    """Debian's kernel, taken out of its package and not installed; kept for the next time."""
    shown = processes.run(["apt-cache", "depends", "--important", PACKAGE]).stdout
    package = shown.split()[-1]
    name = f"kernel-{package}-{cache.key(INIT, *MODULES)}"
    folder = cache.made(name, lambda target: _make(package, target))
    return Kernel(folder / "vmlinuz", folder / "initramfs")


def _make(package: str, target: Path) -> None:
    sys.stderr.write(f"Fetching {package} (kept for the next time)\n")
    target.mkdir()
    unpacked, first = target / "unpacked", target / "first"
    processes.run(["apt-get", "download", package, SHELL], cwd=target, timeout=600)
    for archive in target.glob("*.deb"):
        processes.run(["dpkg-deb", "--extract", str(archive), str(unpacked)])
    first.mkdir()
    shutil.copy2(unpacked / "bin/busybox", first / "busybox")
    for module in MODULES:
        (found,) = unpacked.glob(f"lib/modules/*/kernel/**/{module}.ko")
        shutil.copy2(found, first)
    names = " ".join(f"{module}.ko" for module in MODULES)
    (first / "init").write_text(INIT.format(modules=names))
    (first / "init").chmod(0o755)
    listing = "\n".join(path.name for path in first.iterdir())
    pack = f"{first}/busybox cpio -o -H newc >../initramfs"
    processes.run(["sh", "-c", pack], cwd=first, stdin=f"{listing}\n")
    (image,) = unpacked.glob("boot/vmlinuz-*")
    shutil.copy2(image, target / "vmlinuz")
    shutil.rmtree(unpacked)
    shutil.rmtree(first)
