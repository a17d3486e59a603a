"""Backups on a rest-server and on S3: real servers, which want a name or a key."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host import keepers, processes
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.keepers import Rest
from tests.host.laptop import App, Laptop
from tests.host.story import Site, assert_cli_refused, eventually
from tests.host.test_backups import UNAVAILABLE, admin
from tests.host.test_second_server import assert_lives, take_numbers

OK = 200
LARGE = 48_000_000


@pytest.fixture(scope="module")
def filled(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app with a file in storage; afterwards the server knows of no backups."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    site = Site.new(host, laptop)
    site.deploy("tiny")
    host.run("sh", "-c", f"head -c 100000 /dev/urandom >{site.root}/shared/file")
    yield site
    site.destroy()


@pytest.fixture(autouse=True)
def _forgotten(host: Host) -> Iterator[None]:
    yield
    host.run("rm", "-rf", "/etc/pushdeploy/backup", "/var/lib/pushdeploy/backup")


@pytest.fixture
def rest(host: Host, tmp_path: Path) -> Iterator[Rest]:
    """A rest-server beside the host."""
    with keepers.rest(host, tmp_path / "kept") as server:
        yield server


def listed(host: Host) -> list[str]:
    """The numbers of all backups."""
    told = json.loads(admin(host, "backup:list", "--json").stdout)
    return [one["backup"] for one in told["backups"]]


def content(site: Site, name: str) -> str:
    """What the file in storage is, of this app."""
    path = f"/var/lib/pushdeploy/apps/{name}/shared/file"
    return site.host.run("sha256sum", path).stdout.split()[0]


def assert_kept_and_restored(site: Site) -> None:
    """A backup is made, listed, read back, and an app comes out of it."""
    host, copy = site.host, f"{site.name}-copy"
    admin(host, "backup:create")
    assert len(listed(host)) == 1
    admin(host, "backup:verify")
    admin(host, "backup:restore", "--app", site.name, "--to", copy)
    assert Site(host, site.laptop, App(copy, site.app.folder)).get("/").status == OK
    assert content(site, copy) == content(site, site.name)
    admin(host, "apps:destroy", "--app", copy, "--confirm", copy)


def test_s3_keeps_backups_for_whoever_has_the_key(filled: Site) -> None:
    host = filled.host
    with keepers.s3(host) as server:
        wrong = (server.keys[0], "AWS_SECRET_ACCESS_KEY=another")
        refused = admin(host, "backup:set", server.address, *wrong, check=False)

        admin(host, "backup:set", server.address, *server.keys)

        assert_cli_refused(refused, UNAVAILABLE, "does not accept these credentials")
        assert_kept_and_restored(filled)
    gone = admin(host, "backup:list", check=False)
    assert_cli_refused(gone, UNAVAILABLE, "can't be reached")


def test_a_whole_server_comes_back_from_a_rest_server(
    filled: Site, rest: Rest, fresh_host: Host, installed: Installed, tmp_path: Path
) -> None:
    old, new = filled.host, fresh_host
    wrong = (rest.login[0], "RESTIC_REST_PASSWORD=another")
    strangers = take_numbers(old, new, f"pd-{filled.name}", f"pb-{filled.name}")

    refused = admin(old, "backup:set", rest.address, *wrong, check=False)
    password = admin(old, "backup:set", rest.address, *rest.login).stdout.strip()

    assert_cli_refused(refused, UNAVAILABLE, "RESTIC_REST_USERNAME=... RESTIC_REST_PASSWORD=...")
    assert_kept_and_restored(filled)
    with keepers.rest(new, rest.folder) as other:
        admin(new, "backup:set", other.address, *other.login, f"RESTIC_PASSWORD={password}")
        said = admin(new, "backup:restore", check=False).stderr
    moved = Site(new, Laptop(new, tmp_path / "new", installed.key), filled.app)
    assert f"{filled.name} v1 is live" in said or f"{filled.name} v2 is live" in said, said
    assert_lives(moved, new, moved.laptop, strangers)
    assert content(moved, filled.name) == content(filled, filled.name)


def test_a_rest_server_that_crashes_meanwhile_has_no_half_backup(filled: Site, rest: Rest) -> None:
    host = filled.host
    admin(host, "backup:set", rest.address, *rest.login)
    large = f"{filled.root}/shared/large"
    host.run("sh", "-c", f"head -c {LARGE} /dev/urandom >{large}")

    making = host.start("pushdeploy", "backup:create")
    eventually(lambda: any((rest.folder / "data").rglob("*/*")), wanted=True)
    rest.stop()
    host.run("sleep", "1")
    rest.start()
    said, _ = making.communicate(timeout=processes.TIMEOUT_SECONDS)

    assert making.returncode == 0, said
    assert len(listed(host)) == 1
    admin(host, "backup:verify")
    rest.stop()
    away = admin(host, "backup:create", check=False)
    assert_cli_refused(away, UNAVAILABLE, "can't be reached")
    rest.start()
    assert len(listed(host)) == 1
    host.run("rm", large)
