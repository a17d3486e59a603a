"""A server moves to another one by its backups: with its certificate, and for how long it waits."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host import keepers, pebble
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.pebble import Pebble
from tests.host.proxy import handshake, know_names
from tests.host.story import Site
from tests.host.test_backups import admin

NAME = "blog.example.com"
ROOT = "/root/pebble-root.pem"
REPOSITORY = "/srv/backups"
MEGABYTES = 100


@pytest.fixture(scope="module")
def old(installed: Installed) -> Iterator[Host]:
    """The server that is left."""
    with Host.boot(installed.suite, "old", installed.disk) as host:
        know_names(host)
        yield host


@pytest.fixture(scope="module")
def acme(old: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    """An ACME server, which only the old server can reach."""
    with pebble.running(old, tmp_path_factory.mktemp("pebble")) as running:
        old.write("/usr/local/share/ca-certificates/issuer.crt", running.root())
        old.run("update-ca-certificates")
        yield running


def certified(host: Host, name: str) -> str:
    """The certificate that a visitor is shown, or what is wrong with it."""
    said = handshake(host, NAME, "-CAfile", ROOT, "-verify_hostname", NAME)
    assert "Verify return code: 0 (ok)" in said, f"{name}: {said}"
    return said.split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0]


def test_a_certificate_is_served_by_the_next_server_and_the_site_waits_for_seconds(
    old: Host, acme: Pebble, fresh_host: Host, installed: Installed, tmp_path: Path
) -> None:
    new = fresh_host
    site = Site.new(old, Laptop(old, tmp_path / "old", installed.key), "shop")
    site.deploy("tiny")
    old.run("sh", "-c", f"head -c {MEGABYTES}000000 /dev/urandom >{site.root}/shared/photos")
    site.cli(f"domains:add {NAME}")
    site.cli(f"certs:auto --email me@example.com --server {pebble.DIRECTORY}")
    for host in (old, new):
        host.write(ROOT, acme.root())
    know_names(new)
    orders, shown = acme.orders, certified(old, "old")

    with keepers.rest(old, tmp_path / "kept") as first, keepers.rest(new, first.folder) as second:
        password = admin(old, "backup:set", first.address, *first.login).stdout.strip()
        admin(old, "backup:create")
        admin(new, "backup:set", second.address, *second.login, f"RESTIC_PASSWORD={password}")
        admin(new, "backup:restore", "--app", "shop")
        before = certified(new, "new")
        admin(new, "apps:destroy", "--app", "shop", "--confirm", "shop")

        began = time.monotonic()
        site.cli("maintenance:on")
        old.run("sh", "-c", f"echo last >{site.root}/shared/last")
        admin(old, "backup:create")
        stored = time.monotonic()
        admin(new, "backup:restore", "--app", "shop")
        new.run("pushdeploy", "maintenance:off", "--app", "shop")
        seconds, sent = time.monotonic() - began, stored - began

    moved = Site(new, Laptop(new, tmp_path / "new", installed.key), site.app)
    figure = (
        f"{seconds:.1f} s, of which {sent:.1f} s for the backup, with {MEGABYTES} MB in shared/"
    )
    sys.stderr.write(f"The site waited for {figure}\n")  # pytest -rP shows it
    assert before == shown
    assert certified(new, "new") == shown
    assert acme.orders == orders
    assert new.exists("/etc/letsencrypt/renewal/pushdeploy-shop.conf")
    assert moved.get("/").status == 200
    assert new.read(f"{moved.root}/shared/last") == "last\n"
    answer = new.run("curl", "-sS", "--cacert", ROOT, f"https://{NAME}/").stdout
    assert answer.startswith("v=")
    found = json.loads(new.run("pushdeploy", "certs", "--json").stdout)
    assert [one["served"] for one in found] == [True]
