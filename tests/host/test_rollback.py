"""Rollback: back to what was live, without a build; and what the records say afterwards."""

import json
from collections.abc import Iterator

import pytest

from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import (
    Site,
    assert_cli_refused,
    assert_serving,
    assert_unchanged,
    eventually,
    snapshot,
)


@pytest.fixture(scope="module")
def versions_1_and_2(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app with two releases, for tests that only go from one to the other."""
    site = Site.new(host, Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key))
    deploy_versions(site, 2)
    yield site
    site.destroy()


@pytest.fixture
def two(versions_1_and_2: Site) -> Iterator[Site]:
    """The same; v2 is live, and v1 is warm."""
    yield versions_1_and_2
    if versions_1_and_2.current != "v2":
        versions_1_and_2.cli("rollback v2")


def deploy_versions(site: Site, last: int) -> None:
    """Version n of `tiny` as release vn, from 1 to the last."""
    site.deploy("tiny")
    for version in range(2, last + 1):
        site.deploy_version(version)


def cool_down(site: Site) -> None:
    """End the warm time of every release, as the clock would."""
    journal = f"{site.root}/history.jsonl"
    for number in (int(name.removeprefix("v")) for name in site.releases_on_disk()):
        line = json.dumps({"cold": number})
        site.host.run("sh", "-c", f"echo '{line}' >> {journal}")
    site.cli("reconcile")


def test_goes_back_to_the_release_that_is_still_warm(two: Site) -> None:
    site = two

    answer = site.cli("rollback")

    assert f"=====> {site.name} v1 is live again" in answer.stderr
    assert "it was still warm" in answer.stderr
    assert "The database did not." in answer.stderr
    assert f" rollback v2 --app {site.name}" in answer.stderr
    assert_serving(site, version=1, release="v1")


def test_goes_back_to_a_cold_release_and_builds_nothing(site: Site) -> None:
    deploy_versions(site, 2)
    cool_down(site)
    eventually(lambda: "v1.web.service active" in site.units(), wanted=False)

    answer = site.cli("rollback")

    assert "it had to boot" in answer.stderr
    assert "Installing" not in answer.stderr
    assert_serving(site, version=1, release="v1")


def test_the_way_back_skips_what_was_rolled_back_from(site: Site) -> None:
    deploy_versions(site, 3)
    site.cli("rollback")
    assert_serving(site, version=2, release="v2")

    site.cli("rollback")

    assert_serving(site, version=1, release="v1")


def test_goes_to_the_release_that_is_named(site: Site) -> None:
    deploy_versions(site, 3)

    site.cli("rollback v1")

    assert_serving(site, version=1, release="v1")


def test_the_command_that_undoes_a_rollback_does_so(two: Site) -> None:
    site = two
    site.cli("rollback")

    site.cli("rollback v2")

    assert_serving(site, version=2, release="v2")


def test_with_nothing_to_go_back_to_it_is_refused(site: Site) -> None:
    site.deploy("tiny")
    before = snapshot(site)

    answer = site.cli("rollback", check=False)

    assert_cli_refused(answer, 8, "no earlier release to go back to")
    assert_unchanged(site, before)
    assert site.attempts == 1


def test_never_goes_to_a_release_that_failed(site: Site) -> None:
    site.deploy("tiny")
    units = site.units()
    site.become("import-error")
    site.push()
    eventually(site.units, units)  # the release that failed is stopped after the answer
    before = snapshot(site)

    bare = site.cli("rollback", check=False)
    named = site.cli("rollback v2", check=False)

    assert_cli_refused(bare, 8, "no earlier release to go back to")
    assert_cli_refused(named, 8, "v2", "never went live", "you can go back to: none")
    assert_unchanged(site, before)
    listed = site.ask("releases")
    assert (listed["previous"], listed["rollback"]) == (None, [])
    assert [row["rollback"] for row in listed["releases"]] == [False, False]


def test_to_the_live_release_or_one_that_is_not_there_it_is_refused(site: Site) -> None:
    deploy_versions(site, 2)
    before = site.current

    assert_cli_refused(site.cli("rollback v2", check=False), 8, "v2", "live already")
    offered = site.cli("rollback v9", check=False)
    assert_cli_refused(offered, 4, "no release v9; you can go back to: v1")
    assert_cli_refused(site.cli("rollback 'v1;id'", check=False), 2)
    assert site.current == before
    listed = site.ask("releases")
    assert (listed["previous"], listed["rollback"]) == ("v1", ["v1"])
    assert f" rollback --app {site.name}" in site.cli("releases").stderr

    site.host.run("rm", f"{site.root}/releases/v1/environment")
    assert site.ask("releases")["rollback"] == []
    assert "was live, gone" in site.cli("releases").stdout
    assert_cli_refused(site.cli("rollback", check=False), 8, "no earlier release to go back to")
    assert_cli_refused(site.cli("rollback v1", check=False), 4, "no longer complete")
    assert site.current == before


def test_a_push_with_nothing_new_after_a_rollback_leaves_it_and_names_deploy(two: Site) -> None:
    site = two
    site.cli("rollback")
    attempts = site.attempts

    push = site.push()

    assert push.exit_status == 0, push.output
    assert f" deploy --app {site.name}" in push.output
    assert push.output.count("and then rolled back") == 1
    assert_serving(site, version=1, release="v1")
    assert site.attempts == attempts


def test_deploy_brings_back_what_was_rolled_back_from(site: Site) -> None:
    deploy_versions(site, 2)
    site.cli("rollback")

    site.cli("deploy")

    assert_serving(site, version=2, release="v3")


def test_deploy_takes_a_commit_that_was_pushed_before(site: Site) -> None:
    deploy_versions(site, 2)
    first = site.laptop.git(site.app, "rev-parse", "HEAD~1").stdout.strip()

    site.cli(f"deploy {first[:12]}")

    assert_serving(site, version=1, release="v3")


def test_deploy_refuses_what_names_no_commit(site: Site) -> None:
    site.deploy("tiny")
    before = snapshot(site)

    for revision in ("nowhere", "--upload-pack=id", "'a b'", "'$(id)'"):
        answer = site.cli(f"deploy -- {revision}", check=False)
        assert answer.returncode != 0, answer.stderr
        assert "Traceback" not in answer.stderr
    assert_unchanged(site, before)


def test_a_reboot_does_not_deploy_again_what_was_rolled_back_from(two: Site) -> None:
    site = two
    site.cli("rollback")

    site.cli("reconcile")

    assert_serving(site, version=1, release="v1")


def test_the_releases_are_listed_with_what_became_of_them(site: Site) -> None:
    deploy_versions(site, 2)
    site.become("import-error")
    site.push()
    site.cli("rollback")

    listed = site.ask("releases")
    shown = site.cli("releases").stdout

    outcomes = [(one["release"], one["outcome"], one["live"]) for one in listed["releases"]]
    assert listed["current"] == "v1"
    assert outcomes == [
        ("v1", "live", True),
        ("v3", "failed", False),
        ("v2", "live", False),
        ("v1", "live", True),
    ]
    assert f"=== {site.name} Releases - Current: v1" in shown
    assert "Rollback to v1" in shown


def test_a_release_tells_what_it_is_made_of(two: Site) -> None:
    site = two

    facts = site.ask("releases:info v1")
    shown = site.cli("releases:info v1").stdout

    assert (facts["release"], facts["live"], facts["rollback"]) == ("v1", False, True)
    assert facts["commit"]["subject"] == "Become tiny"
    assert facts["processes"] == {"web": "gunicorn --threads 8 app:app"}
    assert "can be rolled back to" in shown


def test_what_a_deploy_printed_can_be_read_again(site: Site) -> None:
    site.deploy("tiny")
    site.become("import-error")
    push = site.push()

    first = site.cli("releases:output v1").stdout
    last = site.cli("releases:output").stdout

    assert f"{site.name} v1 is live" in first
    assert "no_such_module_here" in push.output
    assert "no_such_module_here" in last
    assert "exits as soon as it starts" in last
    assert site.ask("releases:output v1")["attempt"] == 1


def test_five_releases_that_were_live_are_kept_and_failed_ones_do_not_count(site: Site) -> None:
    deploy_versions(site, 6)
    site.become("import-error")
    for _ in range(3):
        site.push()
    site.become("tiny", {"VERSION": "10\n"})
    site.push()
    assert_serving(site, version=10, release="v10")

    eventually(site.releases_on_disk, ["v3", "v4", "v5", "v6", "v9", "v10"])

    assert site.cli("rollback v3").returncode == 0
    assert_serving(site, version=3, release="v3")
