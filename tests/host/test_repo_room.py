"""The server's repo: what nothing needs goes, what a release needs stays; and a full disk."""

import os
from collections.abc import Iterator

import pytest

from tests.host.laptop import REMOTE
from tests.host.story import Site, assert_serving

NOISE = "head -c 3000000 /dev/urandom | git hash-object -w --stdin"
AGE = "find objects -exec touch --date '3 days ago' {} +"


@pytest.fixture(scope="module")
def live(gated: Site) -> Site:
    """An app with two releases, of commits of which the second was amended."""
    gated.deploy("tiny")
    gated.change({"VERSION": "2\n"})
    gated.laptop.git(gated.app, "commit", "--amend", "--quiet", "--message", "Amended")
    return gated


def in_repo(site: Site, line: str) -> str:
    """Run a line of shell in the server's repo, as its owner."""
    repo = f"{site.root}/repo.git"
    return site.host.run("sh", "-c", f"cd {repo} && {line}", user="deploy").stdout


def size(site: Site) -> int:
    """Kilobytes of the server's repo."""
    return int(site.host.run("du", "-sk", f"{site.root}/repo.git").stdout.split()[0])


def test_what_nothing_names_goes_with_the_hourly_look_when_it_is_old(live: Site) -> None:
    kept = in_repo(live, "git rev-parse main").strip()
    in_repo(live, f"for n in 1 2 3 4; do {NOISE}; done; mkdir objects/tmp_objdir-incoming-x")
    in_repo(live, "head -c 3000000 /dev/urandom > objects/tmp_objdir-incoming-x/tmp_pack_y")
    in_repo(live, "touch gc.pid objects/pack/tmp_pack_z; cp -r objects/info logs 2>/dev/null; :")
    live.laptop.git(live.app, "commit", "--amend", "--quiet", "--message", "Again")
    live.change({"VERSION": "2\n"})
    live.laptop.git(live.app, "push", "--force", REMOTE, "main")
    young = size(live)
    live.host.run("systemctl", "start", "pushdeploy.reconcile")

    assert size(live) >= young - 3000, "what is younger than a day stays"

    in_repo(live, AGE)
    live.host.run("rm", "-f", f"{live.root}/repo.git/pushdeploy.collected")
    told = live.host.run("pushdeploy", "reconcile").stdout

    assert "packed its repo" in told
    assert size(live) < 1000
    foreign = f"find {live.root}/repo.git ! -user deploy -o ! -group deploy"
    assert live.host.run("sh", "-c", foreign).stdout == ""
    assert kept in in_repo(live, "git for-each-ref refs/pushdeploy")
    assert "refs/pushdeploy" not in live.laptop.git(live.app, "ls-remote", REMOTE).stdout
    assert "packed its repo" not in live.host.run("pushdeploy", "reconcile").stdout
    live.cli("rollback")
    live.cli(f"deploy {kept}")
    live.deploy_version(3)
    assert_serving(live, version=3)


def test_a_person_gets_the_room_back_at_once(live: Site) -> None:
    in_repo(live, NOISE)

    done = live.cli("git:gc")

    assert "done: " in done.stderr
    assert size(live) < 1000
    live.deploy_version(4)
    assert_serving(live, version=4)


@pytest.fixture
def small_disk(live: Site) -> Iterator[str]:
    """The server's repo on a filesystem of one megabyte."""
    repo = f"{live.root}/repo.git"
    lines = [
        f"cp -a {repo} /srv/copy",
        f"mount -t tmpfs -o size=1m,nr_inodes=1500,mode=700,uid=deploy,gid=deploy small {repo}",
        f"cp -a /srv/copy/. {repo}/",
    ]
    live.host.run("sh", "-c", " && ".join(lines))
    yield repo
    live.host.run("sh", "-c", f"umount {repo} && rm -r /srv/copy")


def test_a_push_onto_a_full_disk_says_how_full_it_is_and_what_helps(
    live: Site, small_disk: str
) -> None:
    before, serving = live.attempts, live.get("/").text
    (live.app.folder / "noise").write_bytes(os.urandom(3 << 20))
    live.change({})

    push = live.push()

    assert push.exit_status != 0
    assert "the server's disk is full" in push.output
    assert f"{live.name}: " in push.output
    assert "Next: " in push.output
    assert "Traceback" not in push.output
    live.host.run("mount", "-o", "remount,size=900m", small_disk)
    fill = (
        f"cd {small_disk} && mkdir fill && for n in $(seq 2000); do touch fill/$n || exit 0; done"
    )
    live.host.run("sh", "-c", fill)

    push = live.push()

    assert push.exit_status != 0
    assert "no room for more files" in push.output
    assert live.attempts == before
    assert live.get("/").text.split(" pid=")[0] == serving.split(" pid=")[0]
    live.host.run("rm", "-r", f"{small_disk}/fill")
    assert live.push().exit_status == 0
