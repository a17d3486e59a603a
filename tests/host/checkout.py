"""This checkout on a host, and its installer run there."""

from dataclasses import dataclass
from pathlib import Path

from tests.host import processes
from tests.host.host import Host

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCE = "/srv/src"

INSTALL_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Installed:
    """What installing gave: a disk to boot hosts from, and the key that may push."""

    suite: str
    disk: tuple[Path, ...]
    key: Path


def copy_to(host: Host) -> None:
    """Copy what git would see of this checkout, changes that are not committed yet included."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = processes.run(listing, cwd=CHECKOUT).stdout.split("\0")
    host.copy_in(CHECKOUT, SOURCE, only=[name for name in names if (CHECKOUT / name).is_file()])


def run_installer(host: Host, *words: str, check: bool = True) -> processes.Result:
    """Run the installer of the checkout that was copied there."""
    command = ("env", f"--chdir={SOURCE}", "./installer.sh", *words)
    return host.run(*command, check=check, timeout=INSTALL_SECONDS)


def install(host: Host, app: str, key: Path) -> processes.Result:
    """Copy the checkout and run its installer, as the README says."""
    copy_to(host)
    host.write("/root/laptop.pub", key.with_suffix(".pub").read_text())
    return run_installer(host, "--app", app, "--key", "/root/laptop.pub")
