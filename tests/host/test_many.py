"""Many apps on one server, many deploys at once, releases, attempts and names of one file."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.mishaps import assert_nothing_hangs, outcomes, status_of, strays
from tests.host.story import Site, assert_serving, eventually
from tests.host.whole import assert_nothing_left
from tests.tiers import rounds, slow

AT_ONCE = 5
APPS = rounds(AT_ONCE, slow=20)
MANY_APPS = 100
RELEASES = 1000
ATTEMPTS = 10_000
PUSHES_AT_ONCE = 4
ANSWER_SECONDS = 300.0

# One worker each: a hundred apps on a server of a test run.
ONE_WORKER = {"Procfile": "web: gunicorn --workers 1 --threads 8 app:app\n"}

# Releases that were live one after another, by hard work of `cp`; run in the app's folder.
# Each with a slug of its own.
MAKE_RELEASES = """\
slug=$(basename "$(readlink releases/v1/code)")
for number in $(seq 2 "$1"); do
  cp --archive --link "slugs/$slug" "slugs/of-$number"
  cp --archive releases/v1 "releases/v$number"
  ln -sfn "../../slugs/of-$number" "releases/v$number/code"
  sed -E -i "s/$slug/of-$number/; s/(number.: )1,/\\1$number,/" "releases/v$number/release.json"
done
"""
NEVER_LIVE = 8
"""The last digit of the releases that did not come through their switch."""


@pytest.fixture(scope="module")
def crowd(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Site]]:
    """Several apps on a server of this file's own; the last of them were pushed at once."""
    with Host.boot(installed.suite, "crowd", installed.disk) as host:
        laptop = Laptop(host, tmp_path_factory.mktemp("crowd") / "laptop", installed.key)
        crowd = [Site.new(host, laptop) for _ in range(APPS)]
        deploy_all(crowd)
        yield crowd


def deploy_all(crowd: list[Site]) -> None:
    """First pushes, several at once."""
    with ThreadPoolExecutor(PUSHES_AT_ONCE) as pool:
        list(pool.map(lambda site: site.deploy("tiny", ONE_WORKER), crowd))


def answers(crowd: list[Site]) -> list[str]:
    """What each app says, without the pid; whoever does not answer says nothing."""
    found = []
    for site in crowd:
        try:
            found.append(site.get("/").text.split(" pid=")[0])
        except OSError:
            found.append("")
    return found


def test_five_new_apps_that_are_pushed_at_once_are_all_live(crowd: list[Site]) -> None:
    host, laptop = crowd[0].host, crowd[0].laptop
    made = [Site.new(host, laptop) for _ in range(AT_ONCE)]
    for site in made:
        site.become("tiny", ONE_WORKER)

    ended = [status_of(push) for push in [laptop.start_push(site.app) for site in made]]

    assert [status for status, _ in ended] == [0] * AT_ONCE, ended
    for site in made:
        assert_serving(site, version=1, release="v1")
    assert len({site.settings["port"] for site in [*crowd, *made]}) == len(crowd) + AT_ONCE
    for site in made:
        site.destroy()


def test_five_deploys_at_once_all_go_live(crowd: list[Site]) -> None:
    chosen = crowd[-AT_ONCE:]
    for site in chosen:
        site.change({"VERSION": "2\n"})

    pushes = [site.laptop.start_push(site.app) for site in chosen]
    ended = [status_of(push) for push in pushes]

    assert [status for status, _ in ended] == [0] * AT_ONCE, ended
    for site in chosen:
        assert_serving(site, version=2, release="v2")
        assert outcomes(site) == ["live", "live"]


def test_every_app_is_listed_and_nothing_is_left_to_do(crowd: list[Site]) -> None:
    listed = json.loads(crowd[0].laptop.ssh("apps --json", check=True).stdout)
    crowd[0].host.run("pushdeploy", "reconcile")

    again = crowd[0].host.run("pushdeploy", "reconcile")

    releases = {one["app"]: one["release"] for one in listed}
    assert {site.name: site.current for site in crowd}.items() <= releases.items()
    assert again.stdout == ""


def test_every_app_answers_after_a_reboot(crowd: list[Site]) -> None:
    before = answers(crowd)
    assert all(before)

    crowd[0].host.reboot()

    eventually(lambda: answers(crowd), before, ANSWER_SECONDS)


@slow
def test_a_hundred_apps_answer_after_a_reboot_and_one_more_is_deployed(
    fresh_host: Host, fresh_laptop: Laptop
) -> None:
    crowd = [Site.new(fresh_host, fresh_laptop) for _ in range(MANY_APPS)]
    deploy_all(crowd)
    before = answers(crowd)
    assert before == ["v=1 release=v1"] * MANY_APPS

    fresh_host.reboot()

    eventually(lambda: answers(crowd), before, ANSWER_SECONDS)
    crowd[0].deploy_version(2)
    more = Site.new(fresh_host, fresh_laptop)
    more.deploy("tiny", ONE_WORKER)
    assert_serving(crowd[0], version=2, release="v2")
    assert_serving(more, version=1, release="v1")
    assert answers(crowd[1:]) == before[1:]
    fresh_host.run("pushdeploy", "reconcile", timeout=ANSWER_SECONDS)
    assert fresh_host.run("pushdeploy", "reconcile", timeout=ANSWER_SECONDS).stdout == ""


def test_of_a_thousand_releases_those_stay_that_can_be_gone_back_to(site: Site) -> None:
    site.deploy("tiny")
    site.host.run("env", f"--chdir={site.root}", "sh", "-c", MAKE_RELEASES, "sh", f"{RELEASES}")
    lines = [
        json.dumps(record)
        for number in range(2, RELEASES + 1)
        for record in (
            {"intent": number, "previous": number - 1, "at": 1.0},
            {"dropped" if number % 10 == NEVER_LIVE else "settled": number},
        )
    ]
    append(site, "history.jsonl", lines)
    site.host.run("ln", "-sfn", f"releases/v{RELEASES}", f"{site.root}/current")

    for version in (2, 3):
        site.deploy_version(version)

    newest = RELEASES + 2
    # Five that were live, and the newest that was not: its logs may be asked for.
    eventually(site.releases_on_disk, [f"v{number}" for number in range(newest - 5, newest + 1)])
    assert_nothing_hangs(site)
    assert strays(site) == []
    assert_nothing_left(site)
    assert_serving(site, version=3, release=f"v{newest}")
    site.cli("rollback")
    assert_serving(site, version=2, release=f"v{newest - 1}")


def test_after_ten_thousand_attempts_a_push_knows_its_own_outcome(site: Site) -> None:
    site.deploy("tiny")
    lines = []
    for number in range(2, ATTEMPTS + 2):
        made = {"attempt": number, "kind": "config", "commit": "c", "at": 1.0}
        lines += [json.dumps(made), json.dumps({"attempt": number, "outcome": "live"})]
    append(site, "attempts.jsonl", lines)

    site.deploy_version(2)
    record = f"{site.root}/attempts.jsonl"
    eventually(lambda: len(site.host.read(record).splitlines()) < ATTEMPTS, wanted=True)
    again = site.push()
    site.become("import-error")
    broken = site.push()

    assert (again.exit_status, broken.exit_status) == (0, 1), again.output + broken.output
    assert "Everything up-to-date" in again.output
    assert outcomes(site)[-2:] == ["live", "failed"]
    assert site.ask("releases -n 1")["releases"][0]["attempt"] == ATTEMPTS + 3
    assert len(site.ask(f"releases -n {2 * ATTEMPTS}")["releases"]) == ATTEMPTS + 3
    owner = site.host.run("stat", "--format=%U:%G %a", record).stdout
    assert owner == "root:pushdeploy 640\n"


def append(site: Site, record: str, lines: list[str]) -> None:
    """Further lines of a record, as if the engine had written them."""
    text = "".join(f"{line}\n" for line in lines)
    site.host.run("sh", "-c", f"cat >>{site.root}/{record}", stdin=text)


def test_a_file_that_did_not_change_lies_on_the_disk_once(site: Site) -> None:
    site.deploy("tiny")
    for version in (2, 3):
        site.deploy_version(version)

    names = site.host.run("stat", "--format=%h %U", f"{site.root}/current/code/app.py").stdout
    changed = site.host.run("stat", "--format=%h", f"{site.root}/current/code/VERSION").stdout

    assert (names, changed) == ("3 deploy\n", "1\n")
    assert site.get("/write").text.startswith("errno=")
    site.cli("rollback v1")
    assert_serving(site, version=1, release="v1")


def test_what_root_fixed_by_hand_is_gone_with_the_next_push(site: Site) -> None:
    site.deploy("tiny")
    code = f"{site.root}/current/code"
    site.host.run("sh", "-c", f"echo '# mended by hand' >>{code}/app.py")

    site.deploy_version(2)

    assert "mended by hand" not in site.host.read(f"{code}/app.py")
    assert "mended by hand" in site.host.read(f"{site.root}/releases/v1/code/app.py")
