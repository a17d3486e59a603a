"""A Debian server that is a machine of its own: its kernel, its disk, and a power switch.

It is emulated, so it is some ten times slower than the machine that it runs on. What the hosts of
the other tests share with that machine, the kernel and its cgroups, it has for itself.
"""

import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.host import processes
from tests.host.host import AS_USER, ENVIRONMENT, FINISHED
from tests.host.laptop import make_key
from tests.host.vm import kernel
from tests.host.vm.disk import Disk, Lost
from tests.host.vm.nbd import Server
from tests.host.vm.powered import Powered, make_image

ACCELERATOR = os.environ.get("PUSHDEPLOY_ACCELERATOR", "tcg")
"""`kvm` is faster where it is to be had."""

MEMORY = 1024
"""In MiB: a small rented server."""

BOOT_SECONDS = 900.0
SLOWNESS = 10
"""How often a machine takes the time that is given to a request."""

LOGIN_SECONDS = 5
STOP_SECONDS = 120.0
SHOWN = 4000
"""Characters of the console that a failure shows."""

# Nothing leads out of the network in which qemu is, and in: the guest's ssh and HTTP, each at its
# own port, so that for a laptop in this network 127.0.0.1 is the server.
NETWORK = "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:22-:22,hostfwd=tcp:127.0.0.1:80-:80"
LAUNCH = 'ip link set lo up && exec setpriv --pdeathsig KILL "$@"'

# An emulated clock on a busy machine is too slow to be measured, so its speed is given.
KERNEL = (
    "console=ttyS0 quiet panic=-1 reboot=t lpj=4000000 tsc_early_khz=2000000 "
    "systemd.getty_auto=no systemd.show_status=no systemd.mask=e2scrub_reap.service"
)

SSH = """\
Host server
  HostName 127.0.0.1
  User root
  IdentityFile {key}
  IdentitiesOnly yes
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  BatchMode yes
  LogLevel ERROR
  ConnectTimeout {seconds}
  ServerAliveInterval 15
  ServerAliveCountMax 20
  ControlMaster auto
  ControlPath {folder}/control
  ControlPersist yes
"""


class Machine(Powered):
    """One machine; `with Machine.from_disk(...)` removes it at the end."""

    def _lay_out(self, suite: str) -> None:
        self.folder = self.container.root.parent
        self._qemu: subprocess.Popen[bytes] | None = None
        self._channels: list[subprocess.Popen[bytes]] = []
        self._let_in()
        self.image = make_image(self.container, suite)
        self._kernel = kernel.fetch()
        self._disk = Disk(self.image)
        self._server = Server(self._disk, self.folder / "nbd")

    def _let_in(self) -> None:
        """Let root log in with a key of ours, by which `run` works."""
        root, key = self.container.root, self.folder / "key"
        make_key(key)
        (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
        (root / "root/.ssh/authorized_keys").write_text(key.with_suffix(".pub").read_text())
        ssh = SSH.format(key=key, folder=self.folder, seconds=LOGIN_SECONDS)
        (self.folder / "ssh").write_text(ssh)

    def close(self) -> None:
        """Remove the machine with its disk."""
        self._off()
        self._server.close()
        self._disk.close()
        super().close()

    # Power

    def power_on(self) -> None:
        """Start it and wait until all units have started, or failed to."""
        self._disk.power_on()
        self._server.connected.clear()
        with (self.folder / "console").open("ab") as console:
            self._qemu = subprocess.Popen(
                ["unshare", "--net", "sh", "-c", LAUNCH, "sh", *self._argv],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        self.pid = self._qemu.pid
        deadline = time.monotonic() + BOOT_SECONDS
        while not self._is_up():
            if self._qemu.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError(f"The machine did not boot:\n{self.console[-SHOWN:]}")
            time.sleep(0.2)

    @property
    def _argv(self) -> list[str]:
        return [
            *("qemu-system-x86_64", "-M", "microvm", "-accel", ACCELERATOR, "-cpu", "max"),
            *("-smp", "1", "-m", str(MEMORY), "-nodefaults", "-no-user-config", "-no-reboot"),
            *("-display", "none", "-serial", "stdio"),
            *("-kernel", str(self._kernel.image), "-initrd", str(self._kernel.initramfs)),
            *("-append", KERNEL),
            *("-drive", f"id=disk,if=none,format=raw,cache=writeback,file=nbd:unix:{self._nbd}"),
            *("-device", "virtio-blk-device,drive=disk"),
            *("-netdev", NETWORK, "-device", "virtio-net-device,netdev=net"),
        ]

    @property
    def _nbd(self) -> Path:
        return self.folder / "nbd"

    def _is_up(self) -> bool:
        """Not asked before qemu is in its own network: ssh would reach another server."""
        with suppress(subprocess.TimeoutExpired):
            return self._server.connected.is_set() and self.state() in FINISHED
        return False

    @property
    def console(self) -> str:
        """What the machine printed on its console, over all its boots."""
        return (self.folder / "console").read_text(errors="replace")

    def reboot(self) -> None:
        """Restart it in order, and wait until it is up again."""
        self.run("systemctl", "reboot", check=False)  # may be cut off by its own success
        if self._qemu is not None:
            self._qemu.wait(STOP_SECONDS)
        self._off()
        self.power_on()

    def cut_power(self, random: Random) -> Lost:
        """End it at once; by chance some of what the disk was not told to keep is there."""
        if self._qemu is not None:
            self._qemu.send_signal(signal.SIGSTOP)
        lost = self._disk.cut(random)
        self._off()
        return lost

    def _off(self) -> None:
        for channel in self._channels:
            channel.kill()
            channel.wait()
        self._channels.clear()
        if self._qemu is not None:
            self._qemu.kill()
            self._qemu.wait()
            self._qemu = None
        exit_master = ["ssh", "-F", str(self.folder / "ssh"), "-O", "exit", "server"]
        processes.run(exit_master, check=False)

    # Programs

    def _ssh(self, *words: str) -> list[str]:
        network = f"--net=/proc/{self.pid}/ns/net"
        return ["nsenter", network, "ssh", "-F", str(self.folder / "ssh"), *words]

    def argv(
        self, *argv: str, user: str | None = None, env: Mapping[str, str] | None = None
    ) -> list[str]:
        """The outer command line that runs this command line on the machine."""
        variables = [f"{key}={value}" for key, value in {**ENVIRONMENT, **(env or {})}.items()]
        becoming = ["sh", "-c", AS_USER, "sh", user] if user else []
        command = ["env", "--ignore-environment", *variables, *becoming, *argv]
        return self._ssh("server", shlex.join(command))

    def connect(self, address: tuple[str, int] | str, timeout: float = 10.0) -> socket.socket:
        """A socket connected on the machine, to ("127.0.0.1", 80)."""
        if isinstance(address, str):
            raise TypeError("unix sockets are not forwarded")
        ours, theirs = socket.socketpair()
        ours.settimeout(timeout * SLOWNESS)
        with theirs:
            forward = self._ssh("-W", f"{address[0]}:{address[1]}", "server")
            quiet = subprocess.DEVNULL
            end = theirs.fileno()
            channel = subprocess.Popen(forward, stdin=end, stdout=end, stderr=quiet)
        self._channels = [one for one in self._channels if one.poll() is None]
        self._channels.append(channel)
        return ours
