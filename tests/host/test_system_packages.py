"""An Aptfile's packages are installed by a push, once root has allowed it."""

import hashlib

from tests.host.host import Host
from tests.host.story import Site, assert_serving

ARCHIVE = "/srv/archive"
LIST = "/etc/apt/sources.list.d/archive.list"


def make_archive(host: Host, name: str) -> None:
    """An archive of Debian's form with one empty package, in which apt on the host trusts."""
    control = f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: Ada <ada@example.com>\n"
    control += "Description: nothing\n"
    host.run("mkdir", "--parents", f"{ARCHIVE}/made/DEBIAN")
    host.write(f"{ARCHIVE}/made/DEBIAN/control", control)
    host.run("dpkg-deb", "--build", "--root-owner-group", f"{ARCHIVE}/made", f"{ARCHIVE}/one.deb")
    digest = host.run("sha256sum", f"{ARCHIVE}/one.deb").stdout.split()[0]
    size = host.run("stat", "--format=%s", f"{ARCHIVE}/one.deb").stdout.strip()
    listed = f"{control}Filename: ./one.deb\nSize: {size}\nSHA256: {digest}\n"
    host.write(f"{ARCHIVE}/Packages", listed)
    host.write(LIST, f"deb [trusted=yes] file:{ARCHIVE} ./\n")


def test_a_push_installs_what_root_allows(host: Host, site: Site) -> None:
    name = f"pushdeploy-none-{hashlib.sha256(site.name.encode()).hexdigest()[:8]}"
    make_archive(host, name)

    named = site.deploy("tiny", {"Aptfile": f"{name}\nsystemd-\n--purge\n"})

    assert f"sudo apt-get install {name}" in named.output
    assert host.run("dpkg", "--status", name, check=False).returncode != 0

    refused = site.cli("apt:allow", check=False)

    assert refused.returncode != 0
    assert "only root may say" in refused.stderr

    host.run("pushdeploy", "apt:allow", "--app", site.name)
    installed = site.deploy("tiny", {"Aptfile": f"{name}\n", "note.txt": "again\n"})

    assert "-----> Installing system packages (Aptfile)" in installed.output
    assert_serving(site, version=1)
    assert "Status: install ok installed" in host.run("dpkg", "--status", name).stdout
    host.run("dpkg", "--purge", name)
    host.run("rm", "--recursive", ARCHIVE, LIST)
