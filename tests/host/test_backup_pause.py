"""While its files are copied for a backup an app stands still: requests wait, none is lost."""

import re
from collections.abc import Iterator

import pytest

from pushdeploy.system.failpoints import Action, Point
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, eventually
from tests.host.strikes import armed
from tests.host.struck_backup import PAUSE
from tests.host.visitors import MIXED, visitors

REPOSITORY = "/srv/pause"
OK = 200

# Overwrites two files in place, one after the other: as one moment has them, they differ by one.
WRITER = """\
import itertools, os, time
files = [os.open(f"shared/{name}", os.O_RDWR | os.O_CREAT, 0o600) for name in ("one", "two")]
for number in itertools.count(1):
    for file in files:
        os.pwrite(file, f"{number:012d}".encode(), 0)
        os.pwrite(file, f"{number:012d}".encode(), 40_000_000)
    time.sleep(0.001)
"""


@pytest.fixture(scope="module")
def writing(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app that serves and whose worker writes, on a server with a place for backups."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    site = Site.new(host, laptop)
    writer = WRITER.replace("shared/", f"{site.root}/shared/")
    lines = "web: gunicorn --workers 2 --threads 4 app:app\nworker: python writer.py\n"
    site.deploy("tiny", {"writer.py": writer, "Procfile": lines})
    host.run("pushdeploy", "backup:set", REPOSITORY)
    eventually(lambda: host.exists(f"{site.root}/shared/two"), wanted=True)
    yield site
    site.destroy()
    host.run("rm", "-rf", "/etc/pushdeploy/backup", "/var/lib/pushdeploy/backup", REPOSITORY)


def numbers(host: Host, root: str) -> list[int]:
    """What the two files say at their beginning and at their end."""
    found = []
    for name in ("one", "two"):
        for place in ("head", "tail"):
            words = (place, "--bytes=12", f"{root}/shared/{name}")
            found.append(int(host.run(*words).stdout))
    return found


def test_requests_wait_while_the_files_of_an_app_are_copied(writing: Site) -> None:
    site, host = writing, writing.host

    with visitors(host, site.url, *MIXED) as visit:
        made = host.run("pushdeploy", "backup:create")

    assert visit.errors == []
    assert re.search(rf"{site.name}: stood still for [0-2]\.\d s", made.stderr), made.stderr


def test_the_files_of_a_backup_are_of_one_moment(writing: Site) -> None:
    host, name = writing.host, writing.name
    made = host.run("pushdeploy", "backup:create").stderr
    number = re.search(r"Backup ([0-9a-f]{8})", made)
    assert number is not None
    password = "/etc/pushdeploy/backup/password"  # noqa: S105 - where it lies

    host.run(
        *("restic", "--no-cache", "-r", REPOSITORY, f"--password-file={password}"),
        *("restore", number[1], "--target=/srv/out", f"--include=/apps/{name}/shared"),
    )

    found = numbers(host, f"/srv/out/apps/{name}")
    assert max(found) - min(found) <= 1, found
    assert numbers(host, writing.root)[0] > found[0]
    host.run("rm", "-rf", "/srv/out")


@pytest.mark.parametrize("point", PAUSE)
def test_an_app_goes_on_when_the_backup_is_killed_in_its_pause(writing: Site, point: Point) -> None:
    host = writing.host
    with armed(host, point, Action.KILL):
        assert host.run("pushdeploy", "backup:create", check=False).returncode != 0

    assert writing.get("/").status == OK
    before = numbers(host, writing.root)
    eventually(lambda: numbers(host, writing.root) != before, wanted=True)
    host.run("pushdeploy", "backup:create")
