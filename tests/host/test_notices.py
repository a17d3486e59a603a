"""Somebody is told what goes wrong, and when it is over: by real servers, on the host itself."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.checkout import Installed
from tests.host.heard import APPRISE, HOOK, MAIL, Heard, listening
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.proxy import make_authority, make_certificate
from tests.host.story import Site, eventually
from tests.host.test_watchdog import crash_loop, fix, go_wrong

HIDDEN = "/a-secret-in-the-path"
SERVICE = "pushdeploy.notices.service"
WATCHDOG = "pushdeploy.watchdog.service"
BACKUPS = "/etc/pushdeploy/backup/settings.toml"
UNAVAILABLE = 69
LATE = "no answer within 10 s"

TEN_DAYS = 10
FULL = """\
mkdir -p /boot
mount -t tmpfs -o size=1M,mode=0755 full /boot
head -c 950000 /dev/zero >/boot/ballast
"""
REPORT = {"name": "report", "command": "test -e instance/well", "schedule": "@yearly"}
APP_JSON = json.dumps({"cron": [REPORT], "pushdeploy": {"storage": ["instance/"]}})


@pytest.fixture(scope="module")
def heard(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    """A web server and a mail server that keep what they are told."""
    with listening(host, tmp_path_factory.mktemp("mails") / "box") as servers:
        yield servers


@pytest.fixture(scope="module")
def site(
    host: Host, heard: Heard, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A live app."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop"), installed.key)
    made = Site.new(host, laptop)
    made.deploy("tiny")
    yield made
    made.destroy()


@pytest.fixture
def told(site: Site, heard: Heard) -> Iterator[Site]:
    """The app, one address for it, and nothing heard yet."""
    site.laptop.ssh(f"notify:add --app {site.name} {HOOK}{HIDDEN}")
    heard.forget()
    yield site
    for one in site.ask("notify")["addresses"]:
        site.cli(f"notify:remove {one['number']}")


def wake(host: Host) -> None:
    """A look of the watchdog, and what follows from it."""
    host.run("systemctl", "start", WATCHDOG)


def test_a_webhook_is_told_of_deploys_that_fail_and_of_those_that_are_live(
    told: Site, heard: Heard
) -> None:
    told.change({"app.py": "import nothing_of_that_name\n"})
    assert told.push().exit_status == 1
    eventually(lambda: len(heard.at(HIDDEN)), wanted=1)
    told.deploy("tiny", {"VERSION": "7\n"})
    eventually(lambda: len(heard.at(HIDDEN)), wanted=2)
    told.cli("rollback")
    eventually(lambda: len(heard.at(HIDDEN)), wanted=3)

    failed, live, back = heard.at(HIDDEN)
    assert (failed["app"], failed["topic"], failed["state"]) == (told.name, "deploy", "begun")
    assert "failed: the web process of" in failed["text"]
    assert failed["command"].startswith("pushdeploy releases:output --attempt ")
    assert (live["state"], live["since"]) == ("over", failed["since"])
    assert "is live" in live["text"]
    assert "v1 is live again" in back["text"]


def test_a_test_says_what_each_address_answered(told: Site, heard: Heard) -> None:
    for path in ("refuses", "moved"):
        told.cli(f"notify:add {HOOK}/{path}")

    tested = told.cli("notify:test", check=False)

    assert tested.returncode == UNAVAILABLE
    words = " ".join((tested.stdout + tested.stderr).replace("!", "").split())
    assert f"{HOOK}/…: accepted" in words
    assert "it answered 403" in words
    assert "it answered 302, a redirect, which is not followed" in words
    assert [one["topic"] for one in heard.at(HIDDEN)] == ["test"]
    assert heard.at("/elsewhere") == []


def test_nobody_sees_the_secret_of_an_address(told: Site) -> None:
    told.cli("notify:test")
    told.laptop.ssh(f"notify:add --app {told.name} -", stdin=f"{HOOK}{HIDDEN}/2\n")

    assert HIDDEN not in told.cli("notify").stdout + told.cli("notify --json").stdout
    assert HIDDEN not in told.host.run("journalctl", "--no-pager", "--output=cat").stdout
    path = f"{told.root}/notify.toml"
    assert told.host.run("stat", "--format=%U:%G %a", path).stdout == "root:root 600\n"


def test_a_push_does_not_wait_for_an_address_that_hangs_and_its_sender_has_no_rights(
    told: Site, heard: Heard
) -> None:
    host = told.host
    told.cli(f"notify:add {HOOK}/hangs")

    told.deploy_version(11)
    sender = eventually_pid(host, "programs.notice_sender")
    seen = host.run("cat", f"/proc/{sender}/status", f"/proc/{sender}/cmdline", check=False).stdout
    environment = host.run("cat", f"/proc/{sender}/environ", check=False).stdout
    told.deploy_version(12)

    user = re.search(r"^Uid:\t(\d+)", seen, re.MULTILINE)
    assert user is not None
    assert 61184 <= int(user[1]) <= 65519  # nobody's: systemd's DynamicUser
    assert "CapEff:\t0000000000000000" in seen
    assert "hangs" not in seen + environment
    eventually(lambda: len(heard.at(HIDDEN)), wanted=2)
    eventually(lambda: [one["trouble"] for one in told.ask("notify")["addresses"]][1:], [LATE])


def eventually_pid(host: Host, words: str) -> str:
    """The process with these words, once it is there."""
    found = ""

    def look() -> bool:
        nonlocal found
        listed = host.run("pgrep", "--full", f"^/opt/.*{words}", check=False).stdout.split()
        found = listed[-1] if listed else ""
        return bool(found)

    eventually(look, wanted=True)
    return found


def test_a_disk_that_takes_nothing_keeps_nobody_from_being_told_once(
    told: Site, heard: Heard
) -> None:
    host, folder = told.host, "/var/lib/pushdeploy/notices"
    host.run("mount", "--bind", folder, folder)
    host.run("mount", "-o", "remount,bind,ro", folder)
    try:
        told.deploy_version(21)
        eventually(lambda: len(heard.at(HIDDEN)), wanted=1)
        host.run("systemctl", "start", SERVICE)
    finally:
        host.run("umount", folder)
    told.deploy_version(22)
    eventually(lambda: len(heard.at(HIDDEN)), wanted=2)


@pytest.fixture(scope="module")
def troubled(
    host: Host, heard: Heard, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app with a worker, a job, a certificate and backups, all of them well, told everywhere."""
    folder = tmp_path_factory.mktemp("troubled")
    laptop = Laptop(host, folder / "home", installed.key)
    made = Site.new(host, laptop)
    made.become("troubled", {"app.json": APP_JSON})
    assert made.push().exit_status == 0
    make_authority(folder)
    name = f"{made.name}.example.com"
    made.cli(f"domains:add {name}")
    give(made, folder, name, days=90)
    host.run("pushdeploy", "backup:set", "/srv/told-backups")
    for url in (f"{HOOK}/server", MAIL, APPRISE):
        host.run("pushdeploy", "notify:add", "-", stdin=url)
    host.run("systemctl", "start", SERVICE)
    heard.forget()
    yield made
    for number in (1, 2, 3):
        host.run("pushdeploy", "notify:remove", str(number))
    host.run(
        "rm", "-rf", "/etc/pushdeploy/backup", "/var/lib/pushdeploy/backup", "/srv/told-backups"
    )
    made.cli("certs:remove")
    made.destroy()


def give(site: Site, folder: Path, name: str, *, days: int) -> None:
    """A certificate of one's own, which ends after some days."""
    chain, key = make_certificate(folder, name, days=days)
    root = (folder / "ca.pem").read_text()
    site.cli("certs:add - -", stdin=json.dumps([chain + root, key]))


def test_each_trouble_reaches_web_mail_and_apprise_once_and_so_does_its_end(
    troubled: Site, heard: Heard, tmp_path: Path
) -> None:
    site, host = troubled, troubled.host
    make_authority(tmp_path)
    name = f"{site.name}.example.com"
    begun = {
        "worker.1 of v1 is crash-looping",
        "the job report failed with status 1",
        "the disk at /boot is 9",
        "there has been no backup for",
        "a system upgrade needs a reboot",
        "its certificate expires in 9 days and was not renewed",
    }
    over = {
        "worker.1 is no longer crash-looping",
        "the job report no longer fails",
        "the disk at /boot is less than 80 % full",
        "there is a new backup",
        "the server was rebooted",
        "its certificate was renewed",
    }

    crash_loop(site, "worker.1", "worker.1")
    report = f"{site.unit}cron.report.service"
    host.run("systemctl", "start", report, check=False)
    host.run("sh", "-ec", FULL)
    host.run("pushdeploy", "backup:schedule", "hourly")
    overdue = re.sub(r"(?m)^scheduled = .*$", "scheduled = 1.0", host.read(BACKUPS))
    host.write(BACKUPS, overdue, "0600")
    host.run("touch", "/run/reboot-required")
    give(site, tmp_path, name, days=TEN_DAYS)
    wake(host)
    eventually(lambda: missing(begun, heard), wanted=set())
    wake(host)
    wrong = site.ask("notify")["wrong"]

    fix(site, "crash-worker")
    go_wrong(site, "well")
    host.run("systemctl", "start", report)
    host.run("umount", "/boot")
    host.run("pushdeploy", "backup:create")
    host.run("pushdeploy", "backup:schedule", "off")
    host.run("rm", "/run/reboot-required")
    give(site, tmp_path, name, days=90)
    site.cli("restart")
    wake(host)
    eventually(lambda: missing(over, heard), wanted=set())

    for texts in every(heard).values():
        for one in begun:
            assert len([text for text in texts if one in text]) == 1, texts
    assert {one["app"] for one in wrong} == {site.name}
    (mail,) = [one for one in heard.mail() if "is crash-looping" in one["Subject"]]
    assert mail["To"] == "me@example.com"
    assert f"pushdeploy logs -p worker.1 --app {site.name}" in mail.get_content()


def every(heard: Heard) -> dict[str, list[str]]:
    """All texts, by how they came."""
    return {
        "webhook": [one["title"] for one in heard.at("/server")],
        "mail": [one["Subject"] for one in heard.mail()],
        "apprise": [one["title"] for one in heard.at("/apprise")],
    }


def missing(wanted: set[str], heard: Heard) -> set[str]:
    """What has not come everywhere yet."""
    texts = every(heard).values()
    return {one for one in wanted if not all(any(one in text for text in some) for some in texts)}
