"""Backups by Debian's restic, and what comes out of them, byte for byte."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host import processes
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import App, Laptop
from tests.host.processes import Result
from tests.host.story import Site, assert_cli_refused, eventually
from tests.host.test_second_server import assert_lives, move, take_numbers

REPOSITORY = "/srv/backups"
UNAVAILABLE = 69
OK = 200

OWN_LINES = """\
mkdir -p /etc/nginx/pushdeploy/NAME
echo 'location = /own { return 204; }' >/etc/nginx/pushdeploy/NAME/own.conf
"""

# Two rows a transaction, by a counter: a copy between the two, or of half a page, is seen.
WRITER = """\
import itertools, sqlite3, sys, time
base = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
base.execute(f"PRAGMA journal_mode={sys.argv[2]}")
base.execute("CREATE TABLE IF NOT EXISTS one (n INTEGER PRIMARY KEY, filler BLOB)")
base.execute("CREATE TABLE IF NOT EXISTS two (n INTEGER PRIMARY KEY, filler BLOB)")
for n in itertools.count(1):
    base.execute("BEGIN IMMEDIATE")
    base.execute("INSERT INTO one VALUES (?, randomblob(3000))", (n,))
    base.execute("INSERT INTO two VALUES (?, randomblob(3000))", (n,))
    base.execute("COMMIT")
    time.sleep(0.02)
"""

COUNTED = """\
import sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None)
base.execute("BEGIN")
assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
asked = "SELECT count(*), coalesce(max(n), 0) FROM "
rows = [base.execute(asked + table).fetchone() for table in ("one", "two")]
assert rows[0] == rows[1] and rows[0][0] == rows[0][1], rows
print(rows[0][0])
"""

FILES = """\
cd "$1/shared/data"
mkdir -p deep/er 'with space'
head -c 3000000 /dev/urandom >deep/er/big
printf '\\0\\377\\n' >'with space/odd'
printf secret >private; chmod 600 private
printf x >run.sh; chmod 750 run.sh
: >empty
ln -s /etc/shadow outside
ln -s big deep/er/inside
touch -d 2001-02-03 empty
ln private deep/second-name
mkfifo pipe
"""

# Names, kinds, modes, sizes, times and content of everything that a backup keeps.
LISTED = """\
cd "$1/shared/data"
find . ! -type p ! -type d ! -name 'base*' -printf '%P %y %m %s %T@ %l\\n' | sort
find . -type d -printf '%P %m\\n' | sort
find . -type f ! -name 'base*' -exec sha256sum {} + | sort
"""


def admin(host: Host, *words: str, check: bool = True, stdin: str = "") -> Result:
    """`sudo pushdeploy WORDS`."""
    return host.run("pushdeploy", *words, check=check, stdin=stdin, timeout=300)


@pytest.fixture(scope="module")
def backed_up(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app with files and two SQLite files that are written, on a server with a repository."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    site = Site.new(host, laptop)
    site.deploy("tiny")
    site.cli("storage:add data")
    site.cli("config:set GREETING='a b$c' OTHER=1")
    user = f"pd-{site.name}"
    host.run("sh", "-ec", FILES, "sh", site.root, user=user)
    path = f"{site.root}/shared/data/base"
    writers = [
        host.start("python3", "-c", WRITER, f"{path}-{mode}.sqlite3", mode, user=user)
        for mode in ("wal", "delete")
    ]
    eventually(lambda: host.exists(f"{path}-wal.sqlite3-wal"), wanted=True)
    told = admin(host, "backup:set", REPOSITORY)
    host.write("/root/backup-password", told.stdout)
    yield site
    for one in writers:
        processes.end(one)
    site.destroy()
    host.run("rm", "-rf", "/etc/pushdeploy/backup", "/var/lib/pushdeploy/backup", REPOSITORY)


def rows(host: Host, path: str) -> int:
    """How many rows a database has, which must be whole."""
    return int(host.run("python3", "-c", COUNTED, path).stdout)


def listed(site: Site, root: str) -> str:
    """Everything in an app's storage."""
    return site.host.run("sh", "-c", LISTED, "sh", root).stdout


def test_a_list_ends_no_backup_that_is_being_made(backed_up: Site) -> None:
    host = backed_up.host
    unit = "pushdeploy.restic.service"
    host.run("systemd-run", "--quiet", f"--unit={unit}", "sleep", "600")
    try:
        listed = admin(host, "backup:list")

        assert listed.returncode == 0
        assert host.run("systemctl", "is-active", unit).stdout == "active\n"
    finally:
        host.run("systemctl", "stop", unit)


def test_an_app_comes_out_of_a_backup_byte_for_byte(backed_up: Site) -> None:
    site, host = backed_up, backed_up.host

    made = admin(host, "backup:create")
    site.cli("config:set GREETING=changed-later")
    host.run("sh", "-c", f"echo later >{site.root}/shared/data/later")
    copy = f"{site.name}-copy"
    restored = admin(host, "backup:restore", "--app", site.name, "--to", copy)

    assert "Backup " in made.stderr
    assert f"{copy} v" in restored.stderr
    moved = Site(host, site.laptop, site.laptop.new_app(copy, {}))
    host.run("rm", f"{site.root}/shared/data/later")
    assert listed(site, moved.root) == listed(site, site.root)
    for mode in ("wal", "delete"):
        name = f"shared/data/base-{mode}.sqlite3"
        assert 0 < rows(host, f"{moved.root}/{name}") < rows(host, f"{site.root}/{name}")
    assert moved.get("/").status == 200
    assert moved.environment()["GREETING"] == "a b$c"
    assert moved.settings["port"] != site.settings["port"]
    owner = host.run("find", f"{moved.root}/shared", "!", "-user", f"pd-{copy}").stdout
    assert owner == ""
    assert host.run("pushdeploy", "reconcile", "--deep", "--app", copy).stdout == ""
    assert host.run("ls", "/var/lib/pushdeploy/backup").stdout.split() == [
        *("backup.lock", "backup.lock.holder", "cache", "last.json"),
        *("list.lock", "list.lock.holder"),
    ]
    moved.destroy()


def test_a_restore_overwrites_nothing(backed_up: Site) -> None:
    admin(backed_up.host, "backup:create")

    answer = admin(backed_up.host, "backup:restore", "--app", backed_up.name, check=False)

    assert_cli_refused(answer, 2, f"--to {backed_up.name}-before")
    assert backed_up.get("/").status == 200


def test_a_list_says_when_a_backup_failed(backed_up: Site) -> None:
    host = backed_up.host
    admin(host, "backup:create")
    before = json.loads(admin(host, "backup:list", "--json").stdout)
    host.run("mv", REPOSITORY, f"{REPOSITORY}-away")

    failed = admin(host, "backup:create", check=False)
    host.run("mv", f"{REPOSITORY}-away", REPOSITORY)

    after = json.loads(admin(host, "backup:list", "--json").stdout)
    assert "the last backup failed" in admin(host, "apps").stderr
    assert failed.returncode != 0
    assert before["trouble"] is None
    assert after["backups"] == before["backups"]
    assert after["trouble"].startswith("the last backup failed: there are no backups in")
    admin(host, "backup:create")
    assert json.loads(admin(host, "backup:list", "--json").stdout)["trouble"] is None


def test_a_whole_server_comes_back_on_another_one(
    backed_up: Site, fresh_host: Host, installed: Installed, tmp_path: Path
) -> None:
    old, new, name = backed_up.host, fresh_host, backed_up.name
    strangers = take_numbers(old, new, f"pd-{name}", f"pb-{name}")
    backed_up.cli("config:set GREETING='a b$c'")
    old.run("sh", "-ec", OWN_LINES.replace("NAME", name))
    old.run("pushdeploy", "domains:add", f"{name}.example.com", "--app", name)
    admin(old, "backup:create")
    before = listed(backed_up, backed_up.root)
    move(old, new, (REPOSITORY.strip("/"),))
    password = f"RESTIC_PASSWORD={old.read('/root/backup-password').strip()}"

    wrong = admin(new, "backup:set", REPOSITORY, "RESTIC_PASSWORD=another", check=False)
    told = admin(new, "backup:set", REPOSITORY, password)
    said = admin(new, "backup:restore", check=False).stderr

    moved = Site(new, Laptop(new, tmp_path / "new", installed.key), backed_up.app)
    assert wrong.returncode == UNAVAILABLE
    assert told.stdout == ""
    assert "blog was left alone" in said
    assert moved.settings == backed_up.settings
    assert_lives(moved, new, moved.laptop, strangers)
    assert moved.environment()["GREETING"] == "a b$c"
    assert listed(moved, moved.root) == before
    for mode in ("wal", "delete"):
        assert rows(new, f"{moved.root}/shared/data/base-{mode}.sqlite3") > 0
    assert new.read(f"/etc/nginx/pushdeploy/{name}/own.conf") == "location = /own { return 204; }\n"


def test_backups_go_to_another_server_by_sftp(backed_up: Site) -> None:
    site, host = backed_up, backed_up.host
    repository = "sftp:keeper@127.0.0.1:/home/keeper/backups"
    host.run("useradd", "--create-home", "keeper")

    refused = admin(host, "backup:set", repository, check=False)
    key = next(word for word in refused.stderr.split("\n") if "ssh-ed25519" in word)

    assert refused.returncode == UNAVAILABLE
    assert REPOSITORY in host.read("/etc/pushdeploy/backup/settings.toml")
    public = host.run("ssh-keygen", "-y", "-f", "/etc/pushdeploy/backup/id_ed25519").stdout
    assert key
    host.run("install", "-d", "-m", "700", "-o", "keeper", "/home/keeper/.ssh")
    host.write("/home/keeper/.ssh/authorized_keys", public)
    admin(host, "backup:set", repository)
    admin(host, "backup:create")
    admin(host, "backup:verify")
    assert len(json.loads(admin(host, "backup:list", "--json").stdout)["backups"]) == 1
    copy = f"{site.name}-copy"
    admin(host, "backup:restore", "--app", site.name, "--to", copy)
    assert Site(host, site.laptop, App(copy, site.app.folder)).get("/").status == OK
    host.run("pushdeploy", "apps:destroy", "--app", copy, "--confirm", copy)
    admin(host, "backup:set", REPOSITORY)
    host.run("userdel", "--remove", "--force", "keeper")  # its ssh may be ending


def test_a_timer_backs_up_and_deletes_what_is_old(backed_up: Site) -> None:
    host = backed_up.host
    before = len(json.loads(admin(host, "backup:list", "--json").stdout)["backups"])
    admin(host, "backup:schedule", "03:30")
    timer = host.run("systemctl", "show", "pushdeploy.backup.timer", "-pTimersCalendar").stdout

    host.run("systemctl", "start", "pushdeploy.backup.service", timeout=120)

    told = json.loads(admin(host, "backup:list", "--json").stdout)
    assert "03:30:00" in timer
    assert told["schedule"] == "03:30"
    assert len(told["backups"]) == before + 1
    admin(host, "backup:prune", "--daily", "3")
    assert "daily = 3" in host.read("/etc/pushdeploy/backup/settings.toml")
    admin(host, "backup:schedule", "off")
    assert not host.exists("/etc/systemd/system/pushdeploy.backup.timer")


def test_a_full_disk_leaves_no_half_backup(backed_up: Site) -> None:
    host, small = backed_up.host, "/srv/small"
    host.run("mkdir", small)
    host.run("mount", "-t", "tmpfs", "-o", "size=2m", "small", small)
    admin(host, "backup:set", small)

    failed = admin(host, "backup:create", check=False)
    none = json.loads(admin(host, "backup:list", "--json").stdout)
    host.run("mount", "-o", "remount,size=2g", small)
    admin(host, "backup:create")

    assert_cli_refused(failed, UNAVAILABLE, "no room is left for backups", "df -h; df -i")
    assert none["backups"] == []
    assert backed_up.get("/").status == OK
    admin(host, "backup:verify")
    admin(host, "backup:set", REPOSITORY)
    host.run("umount", small)


def test_a_full_disk_leaves_no_half_restored_app(backed_up: Site) -> None:
    host, state, copy = backed_up.host, "/var/lib/pushdeploy/backup", f"{backed_up.name}-copy"
    admin(host, "backup:create")
    words = ("backup:restore", "--app", backed_up.name, "--to", copy)
    host.run("mount", "-t", "tmpfs", "-o", "size=2m", "small", state)

    failed = admin(host, *words, check=False)
    host.run("umount", state)

    assert_cli_refused(failed, UNAVAILABLE, "no room is left on this server", "df -h; df -i")
    assert not host.exists(f"/var/lib/pushdeploy/apps/{copy}")
    assert backed_up.get("/").status == OK
    admin(host, *words)
    assert Site(host, backed_up.laptop, App(copy, backed_up.app.folder)).get("/").status == OK
    host.run("pushdeploy", "apps:destroy", "--app", copy, "--confirm", copy)


def test_a_backup_that_a_wrong_clock_has_dated_is_not_the_newest(backed_up: Site) -> None:
    host, name = backed_up.host, backed_up.name
    admin(host, "backup:create")
    given = ("-r", REPOSITORY, "--password-file=/etc/pushdeploy/backup/password", "--no-cache")
    marks = f"--tag=pushdeploy,app={name},bytes=1"
    for at in ("2099-01-01 00:00:00", "2001-01-01 00:00:00"):
        host.run(
            "restic", *given, "backup", marks, "--host=server", f"--time={at}", "/etc/hostname"
        )

    copied = admin(host, "backup:restore", "--app", name, "--to", f"{name}-copy").stderr
    made = admin(host, "backup:create", "--prune").stderr

    listed_ = json.loads(admin(host, "backup:list", "--json").stdout)["backups"]
    assert [listed_[0]["at"][:4], listed_[-1]["at"][:4]] == ["2001", "2099"]
    assert f"from backup {listed_[-3]['backup']} of server" in copied
    assert "nothing was deleted: the backup" in made
    host.run("pushdeploy", "apps:destroy", "--app", f"{name}-copy", "--confirm", f"{name}-copy")
    for one in (listed_[0], listed_[-1]):
        host.run("restic", *given, "forget", one["backup"])


def test_only_root_says_where_backups_go(host: Host, laptop: Laptop) -> None:
    answer = laptop.ssh("backup:set /srv/elsewhere", check=False)

    assert_cli_refused(answer, 5, "sudo pushdeploy backup:set")
    assert not host.exists("/srv/elsewhere")


def test_the_password_is_shown_once_and_lies_where_root_alone_reads(backed_up: Site) -> None:
    host = backed_up.host
    password = host.read("/root/backup-password").strip()

    again = admin(host, "backup:set", REPOSITORY)

    assert len(password) >= 32
    assert again.stdout == ""
    assert host.run("stat", "-c", "%U %a", "/etc/pushdeploy/backup/password").stdout == "root 600\n"
    assert host.read("/etc/pushdeploy/backup/password").strip() == password
    wrong = admin(host, "backup:set", REPOSITORY, "RESTIC_PASSWORD=another", check=False)
    assert_cli_refused(wrong, 69, "another password")
    assert host.read("/etc/pushdeploy/backup/password").strip() == password
