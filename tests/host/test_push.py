"""A push makes an app, goes live, switches; one that fails is refused and changes nothing."""

import pytest

from tests.host.story import (
    Site,
    assert_refused,
    assert_serving,
    assert_unchanged,
    eventually,
    said,
    snapshot,
)

HEALTH_IN_SHORT = '{"healthchecks": {"web": [{"path": "/", "attempts": 2, "timeout": 1}]}}'


def test_the_first_push_makes_the_app_and_goes_live(site: Site) -> None:
    site.become("tiny")

    push = site.push()

    assert push.exit_status == 0, push.output
    assert f"=====> {site.name} v1 is live" in push.output
    assert site.url in push.output
    assert_serving(site, version=1, release="v1")


def test_the_second_push_switches(site: Site) -> None:
    site.deploy("tiny")

    push = site.deploy_version(2)

    assert "Switching to v2 from v1" in push.output
    assert_serving(site, version=2, release="v2")


def test_what_a_push_says_fits_into_a_terminal(site: Site) -> None:
    push = site.deploy("tiny")

    assert [line for line in said(push) if len(line) > 72] == []


@pytest.mark.parametrize(
    ("tree", "files", "reasons"),
    [
        ("import-error", {}, ["exits as soon as it starts"]),
        ("exits-at-once", {}, ["exits as soon as it starts"]),
        ("health-500", {}, ["GET / answered 500"]),
        ("hangs", {"app.json": HEALTH_IN_SHORT}, ["GET /", "no answer"]),
        ("release-fails", {}, ["the release command `python release.py` failed with status 1"]),
        ("bad-requirement", {}, ["requirements.txt", "could not be installed"]),
        ("writes-into-code", {}, ["Next: ssh deploy@", " storage:add "]),
    ],
)
def test_a_deploy_that_fails_is_refused_and_the_old_one_answers(
    standing: Site, tree: str, files: dict[str, str], reasons: list[str]
) -> None:
    site = standing
    before, attempts = snapshot(site), site.attempts
    site.become(tree, files)

    push = site.push()

    assert_refused(push, "v1 is still live.", *reasons)
    assert_unchanged(site, before)
    assert site.attempts == attempts + 1


def test_a_push_says_why_it_failed_when_the_disk_of_the_logs_is_full(site: Site) -> None:
    site.deploy("tiny")
    logs = f"/var/log/pushdeploy/{site.name}"
    mode, group = site.host.run("stat", "--format=%a %g", logs).stdout.split()
    site.host.run("mount", "-t", "tmpfs", "-o", f"size=4k,mode={mode},gid={group}", "logs", logs)
    site.host.run("dd", "if=/dev/zero", f"of={logs}/full", "bs=4096", "count=1")
    site.become("exits-at-once")

    push = site.push()

    # The engine that has answered may hold its log for another moment.
    eventually(lambda: site.host.run("umount", logs, check=False).returncode, 0)
    assert_refused(push, "exits as soon as it starts", "Next: ")
    assert_serving(site, version=1, release="v1")
