"""Killed at each step: no half backup counts, nothing live is hurt, and the next one works."""

import json
from collections.abc import Iterator

import pytest
from _pytest.mark import ParameterSet

from pushdeploy.system.failpoints import Action, Point
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import App, Laptop
from tests.host.story import Site
from tests.host.strikes import armed
from tests.host.struck_backup import CREATE, KEEP, RESTORE, RESTORE_ALL, SET
from tests.tiers import slow

REPOSITORY = "/srv/struck"

USUAL = (
    *(Point.BACKUP_STAGED, Point.BACKUP_STORED, Point.BACKUP_COMMAND),
    *(Point.RESTORE_READ, Point.RESTORE_RENAMED),
)
"""What each change tries; the rest takes minutes."""


def at(points: list[Point]) -> list[ParameterSet]:
    """Each of them, most only where there is time."""
    return [pytest.param(one, marks=() if one in USUAL else slow) for one in points]


@pytest.fixture(scope="module")
def site(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app that is live on the shared server, with a file in storage."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    made = Site.new(host, laptop)
    made.deploy("tiny", {"app.json": '{"backup": {"post": "true"}}'})
    host.run("sh", "-c", f"echo hello >{made.root}/shared/file")
    yield made
    made.destroy()
    host.run("rm", "-rf", "/etc/pushdeploy/backup", "/var/lib/pushdeploy/backup", REPOSITORY)


def numbers(host: Host) -> list[str]:
    """The backups that there are."""
    told = json.loads(host.run("pushdeploy", "backup:list", "--json").stdout)
    return [one["backup"] for one in told["backups"]]


def struck(host: Host, point: Point, *words: str) -> None:
    """The engine is killed there."""
    with armed(host, point, Action.KILL):
        assert host.run("pushdeploy", *words, check=False, timeout=120).returncode != 0


def test_a_killed_setting_is_done_again(site: Site) -> None:
    host = site.host
    for point in (Point.BACKUP_PROTECTED, Point.BACKUP_MADE, Point.BACKUP_SET):
        struck(host, point, "backup:set", REPOSITORY)
    assert set(SET) >= {point}
    assert host.run("pushdeploy", "backup:set", REPOSITORY).stdout == ""
    host.run("pushdeploy", "backup:create")
    assert len(numbers(host)) == 1
    for point in (Point.BACKUP_KEY, Point.BACKUP_UNSET):
        struck(host, point, "backup:set", "sftp:nobody@127.0.0.1:/nowhere")
    assert host.run("pushdeploy", "backup:set", "/proc/nowhere", check=False).returncode != 0
    assert len(numbers(host)) == 1


def test_a_killed_schedule_is_set_again(site: Site) -> None:
    host = site.host
    for point in KEEP:
        words = ("backup:prune",) if point is Point.BACKUP_PRUNED else ("backup:schedule", "weekly")
        struck(host, point, *words)
    assert "weekly" in host.run("systemctl", "cat", "pushdeploy.backup.timer").stdout
    host.run("pushdeploy", "backup:schedule", "off")
    host.run("pushdeploy", "backup:prune")
    assert len(numbers(host)) == 1


@pytest.mark.parametrize("point", at(CREATE))
def test_a_killed_backup_is_none_or_whole(site: Site, point: Point) -> None:
    host = site.host
    before = numbers(host)

    struck(host, point, "backup:create")

    stored = CREATE.index(point) >= CREATE.index(Point.BACKUP_STORED)
    assert len(numbers(host)) == len(before) + stored
    assert site.get("/").status == 200
    host.run("pushdeploy", "backup:create")
    assert len(numbers(host)) == len(before) + stored + 1
    assert not host.exists("/var/lib/pushdeploy/backup/set")
    assert not host.exists(f"{site.root}/copies")
    assert host.run("stat", "-c", "%h", f"{site.root}/shared/file").stdout == "1\n"


@pytest.mark.parametrize("point", at(RESTORE))
def test_a_killed_restore_is_done_again_or_by_reconcile(site: Site, point: Point) -> None:
    host, copy = site.host, f"{site.name}-copy"
    words = ("backup:restore", "--app", site.name, "--to", copy)

    struck(host, point, *words)

    assert site.get("/").status == 200
    there = RESTORE.index(point) >= RESTORE.index(Point.RESTORE_RENAMED)
    assert host.exists(f"/var/lib/pushdeploy/apps/{copy}/settings.toml") is there
    host.run("pushdeploy", *(("reconcile", "--app", copy) if there else words), timeout=120)
    assert_whole(Site(host, site.laptop, App(copy, site.app.folder)), copy)


@pytest.mark.parametrize("point", at(RESTORE_ALL))
def test_a_killed_restore_of_a_server_is_done_again(site: Site, point: Point) -> None:
    host, name = site.host, site.name
    host.run("pushdeploy", "backup:create")
    host.run("pushdeploy", "apps:destroy", "--app", name, "--confirm", name)

    struck(host, point, "backup:restore")
    host.run("pushdeploy", "backup:restore", timeout=120)
    host.run("pushdeploy", "reconcile", "--app", name, timeout=120)

    assert site.get("/").status == 200
    assert host.read(f"{site.root}/shared/file") == "hello\n"


def assert_whole(site: Site, name: str) -> None:
    """The restored app answers, its file is its user's, and it goes when it is told to."""
    assert site.get("/").status == 200
    path = f"/var/lib/pushdeploy/apps/{name}/shared/file"
    assert site.host.read(path) == "hello\n"
    assert site.host.run("stat", "-c", "%U", path).stdout == f"pd-{name}\n"
    site.host.run("pushdeploy", "apps:destroy", "--app", name, "--confirm", name)
