"""What is pushed beside the deploy branch, first pushes, and what leaves nothing behind."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.host import processes
from tests.host.checkout import CHECKOUT, Installed
from tests.host.host import Host
from tests.host.laptop import REMOTE, Laptop, make_key
from tests.host.story import (
    APPS,
    Site,
    assert_refused,
    assert_serving,
    eventually,
)

FIRST_PUSHES = "/var/lib/pushdeploy/first-pushes"


@pytest.fixture(scope="module")
def live(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app that is live, with a tag of a file."""
    site = Site.new(host, Laptop(host, tmp_path_factory.mktemp("refs") / "laptop", installed.key))
    site.deploy("tiny")
    site.laptop.git(site.app, "tag", "notes", "main:VERSION")
    site.laptop.git(site.app, "push", REMOTE, "notes")
    yield site
    site.destroy()


def footprint(site: Site) -> str:
    """Everything on the server that an app has."""
    look = (
        f"ls -A {APPS} {FIRST_PUSHES} /run/pushdeploy /var/log/pushdeploy; "
        "cut -d: -f1 /etc/passwd /etc/group"
    )
    return site.host.run("sh", "-c", look).stdout


def git_push(site: Site, *words: str) -> tuple[int, str]:
    """`git push` with these words: how it ended and what it said."""
    done = site.laptop.git(site.app, "push", *words, check=False)
    return done.returncode, re.sub(r"\s*\nremote:  !     ", " ", done.stderr)


def test_tags_come_along_and_other_branches_are_refused_one_by_one(site: Site) -> None:
    site.become("tiny")
    site.laptop.git(site.app, "tag", "-a", "-m", "One", "v1")
    site.laptop.git(site.app, "config", "push.followTags", "true")

    status, said = git_push(site, REMOTE, "main")

    assert (status, "v1 -> v1" in said) == (0, True), said
    assert_serving(site, version=1, release="v1")

    site.change({"VERSION": "2\n"})
    site.laptop.git(site.app, "tag", "v2")
    site.laptop.git(site.app, "branch", "feature")
    status, said = git_push(site, REMOTE, "--tags", "main", "feature")

    assert status == 1
    assert "Refused, as other branches are not kept: `feature`" in said
    assert "feature -> feature (hook declined)" in said
    assert_serving(site, version=2, release="v2")
    assert set(refs(site)) == {"refs/heads/main", "refs/tags/v1", "refs/tags/v2"}

    site.change({"VERSION": "3\n"})
    site.laptop.git(site.app, "update-ref", "refs/remotes/origin/main", "HEAD")
    site.laptop.git(site.app, "tag", "-d", "v1")
    status, said = git_push(site, REMOTE, "--mirror")

    assert status == 1
    assert_serving(site, version=3, release="v3")
    assert set(refs(site)) == {"refs/heads/main", "refs/tags/v2"}

    status, said = git_push(site, REMOTE, "HEAD:refs/pushdeploy/v9")
    assert (status, "is neither a branch nor a tag" in said) == (1, True), said
    status, said = git_push(site, REMOTE, "HEAD:refs/tags/v3")

    assert status == 0
    assert "Keeping the tag `v3`; nothing is deployed" in said
    assert f" deploy v3 --app {site.name}" in said
    assert site.attempts == 3
    assert site.cli("deploy v2").returncode == 0
    assert_serving(site, version=2, release="v4")


def test_an_annotated_tag_is_deployed_by_the_command_of_its_refusal(site: Site) -> None:
    site.become("tiny")
    site.laptop.git(site.app, "tag", "-a", "-m", "One", "v1")

    for branch in ("refs/heads/main", "main"):  # git makes the second one a tag, of a first push
        status, said = git_push(site, REMOTE, f"v1:{branch}")
        assert status == 1
        assert f"'v1^{{}}:{branch}'" in said or "'TAG^{}:refs/heads/main'" in said, said
    assert not site.host.exists(site.root)
    status, said = git_push(site, REMOTE, "v1^{}:refs/heads/main")

    assert status == 0, said
    assert_serving(site, version=1, release="v1")
    status, said = git_push(site, REMOTE, "v1:main")
    assert "`v1` is an annotated tag; a branch can name only a commit" in said
    assert (status, site.attempts) == (1, 1)


def refs(site: Site) -> list[str]:
    """The names of the refs on the server."""
    listed = site.laptop.git(site.app, "ls-remote", "--refs", REMOTE).stdout
    return [line.split("\t")[1] for line in listed.splitlines()]


def test_a_push_from_a_shallow_clone_is_refused_with_what_completes_it(
    site: Site, tmp_path: Path
) -> None:
    site.become("tiny")
    site.change({"VERSION": "2\n"})
    site.change({"VERSION": "3\n"})
    upstream, clone = site.app.folder, tmp_path / "clone"
    site.laptop.git(site.app, "clone", "-q", "--depth=2", f"file://{upstream}", str(clone))
    shallow = replace(site, app=replace(site.app, folder=clone))
    shallow.laptop.git(shallow.app, "remote", "add", REMOTE, f"deploy@server:{site.name}")

    push = shallow.push()

    assert_refused(push, "from a shallow clone", "git fetch --unshallow", "fetch-depth: 0")
    assert not site.host.exists(site.root)
    site.laptop.git(shallow.app, "fetch", "-q", "--unshallow")
    again = shallow.push()
    assert again.exit_status == 0, again.output
    assert_serving(site, version=3, release="v1")


def test_the_job_of_the_page_on_ci_deploys(site: Site, tmp_path: Path) -> None:
    """Its own key and known_hosts, as secrets; ssh is told where they are, as CI's home is."""
    site.become("tiny")
    page = (CHECKOUT / "docs/how-to/deploy-from-ci.md").read_text()
    job = page.partition("        run: |\n")[2].partition("```")[0]
    make_key(tmp_path / "ci_key")
    site.laptop.ssh("keys:add ci", stdin=(tmp_path / "ci_key.pub").read_text(), check=True)
    network = f"--net=/proc/{site.host.pid}/ns/net"
    scanned = processes.run(["nsenter", network, "ssh-keyscan", "127.0.0.1"]).stdout
    home = tmp_path / "home"
    ssh = f"nsenter {network} ssh -i {home}/.ssh/id_ed25519 -o IdentitiesOnly=yes"
    environment = {
        **site.laptop.environment,
        "HOME": str(home),
        "DEPLOY_KEY": (tmp_path / "ci_key").read_text(),
        "KNOWN_HOSTS": scanned,
        "GIT_SSH_COMMAND": f"{ssh} -o UserKnownHostsFile={home}/.ssh/known_hosts",
    }

    script = job.replace("SERVER:blog", f"127.0.0.1:{site.name}")
    done = processes.run(
        ["bash", "-e", "-c", script], env=environment, cwd=site.app.folder, check=False
    )

    assert done.returncode == 0, done.stderr
    assert_serving(site, version=1, release="v1")
    assert " ci " in site.cli("releases").stdout
    site.laptop.ssh("keys:remove ci", check=True)


def test_another_branch_is_refused_with_what_deploys_it_and_a_setting_makes_it_the_one(
    site: Site,
) -> None:
    site.deploy("tiny")
    site.laptop.git(site.app, "branch", "release/2026")
    site.change({"VERSION": "2\n"})
    site.laptop.git(site.app, "branch", "release/2027")

    for words in (["release/2027"], ["release/2026", "release/2027"]):
        status, said = git_push(site, REMOTE, *words)
        assert status == 1
        assert "the deploy branch is `main`" in said
        assert f"git push {REMOTE} {words[0]}:main" in said
        assert f" git:set --app {site.name} deploy-branch {words[0]}" in said.replace(
            "\nremote:  !     ", " "
        )
    assert (site.attempts, refs(site)) == (1, ["refs/heads/main"])

    site.cli("git:set deploy-branch release/2027")
    push = site.push("release/2027")

    assert push.exit_status == 0, push.output
    assert_serving(site, version=2, release="v2")
    assert refs(site) == ["refs/heads/release/2027"]
    assert site.host.read(f"{site.root}/repo.git/HEAD") == "ref: refs/heads/release/2027\n"
    assert_refused(site.push("main"), "the deploy branch is `release/2027`", "main:release/2027")


def test_deleting_a_branch_is_refused_with_or_without_another_ref(standing: Site) -> None:
    site = standing
    site.laptop.git(site.app, "tag", "v1")

    for words in ([":main"], [":main", "v1"], ["--delete", "main"]):
        status, said = git_push(site, REMOTE, *words)
        assert status == 1
        assert "can't be deleted: it is the deploy branch" in said

    assert refs(site) == ["refs/heads/main"]


@pytest.mark.parametrize(
    ("files", "words", "reason"),
    [
        ({"Procfile": "web gunicorn app:app\n"}, ["main"], "no `:` after the name"),
        ({}, ["main:trunk"], "git push production trunk:main"),
        ({}, ["HEAD:refs/tags/v1"], "the push contains only tags"),
        ({".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = -x\n'}, ["main"], "gitmodulesUrl"),
    ],
    ids=["a bad Procfile", "another branch", "a tag", "refused by git"],
)
def test_a_refused_first_push_leaves_nothing(
    site: Site, files: dict[str, str], words: list[str], reason: str
) -> None:
    site.become("tiny", files)
    site.cli("ps", check=False)  # whoever asks the engine first makes a folder
    before = footprint(site)

    status, said = git_push(site, REMOTE, *words)

    assert status == 1
    assert reason in said
    assert "Traceback" not in said
    assert footprint(site) == before


HOLD_ALL = """
import socket, time
held = [socket.socket() for _ in range(8000, 9000)]
for port, one in enumerate(held, 8000):
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # an app was just there
    try:
        one.bind(("127.0.0.1", port))
        one.listen()
    except OSError:
        pass
time.sleep(600)
"""


def test_a_first_push_without_a_free_port_is_refused_once_and_stores_nothing(site: Site) -> None:
    site.become("tiny")
    site.cli("ps", check=False)  # whoever asks the engine first makes a folder
    before = footprint(site)
    unit = ("systemd-run", "--quiet", "--unit=holds-all-ports", "-p", "LimitNOFILE=4096")
    site.host.run(*unit, "python3", "-c", HOLD_ALL)
    try:
        held = "python3", "-c", "import socket; socket.create_connection(('127.0.0.1', 8999))"
        eventually(lambda: site.host.run(*held, check=False).returncode, 0)

        status, said = git_push(site, REMOTE, "main")
    finally:
        site.host.run("systemctl", "stop", "holds-all-ports.service")

    assert status == 1
    assert said.count("no port between 8000 and 8999 is free") == 1, said
    assert "[remote rejected] main -> main" in said
    assert "[new branch]" not in said
    assert footprint(site) == before


@pytest.mark.parametrize("revision", ["HEAD@{1}", "..", "@{u}", ":/text", "main^{tree}", "notes"])
def test_a_word_that_names_no_commit_is_refused_in_a_sentence(live: Site, revision: str) -> None:
    done = live.cli(f"deploy '{revision}'", check=False)

    assert done.returncode in (2, 7)
    assert f"`{revision}`" in done.stderr
    assert "Traceback" not in done.stderr
    assert "itself failed" not in done.stderr
    assert_serving(live, version=1, release="v1")


def test_who_only_looks_at_an_app_that_is_not_there_makes_none(site: Site) -> None:
    site.become("tiny")
    before = footprint(site)

    for words in (["ls-remote", REMOTE], ["fetch", REMOTE], ["push", "--dry-run", REMOTE, "main"]):
        site.laptop.git(site.app, *words, check=False)
    site.laptop.ssh(f"git-receive-pack '{site.name}'", stdin="0000")
    site.laptop.ssh(f"git-receive-pack '{site.name}'")

    assert footprint(site) == before


def test_an_app_that_was_created_stays_when_its_first_push_is_refused(site: Site) -> None:
    site.cli("apps:create", check=False)
    site.laptop.ssh(f"apps:create {site.name}", check=True)
    site.become("tiny")
    site.change({"Procfile": "web gunicorn app:app\n"})

    assert_refused(site.push(), "no `:` after the name")

    assert site.host.exists(f"{site.root}/settings.toml")


def test_a_first_push_of_main_and_master_deploys_main(site: Site) -> None:
    site.become("tiny")
    site.laptop.git(site.app, "branch", "master")

    status, said = git_push(site, REMOTE, "--all")

    assert status == 1
    assert "Refused, as other branches are not kept: `master`" in said
    assert_serving(site, version=1, release="v1")
    assert (site.settings["branch"], refs(site)) == ("main", ["refs/heads/main"])


def test_the_first_push_may_set_master_as_the_deploy_branch(site: Site) -> None:
    site.become("tiny")
    site.laptop.git(site.app, "branch", "master")

    push = site.push("master")

    assert push.exit_status == 0, push.output
    assert_serving(site, version=1, release="v1")
    assert site.settings["branch"] == "master"
    assert_refused(site.push("main"), "the deploy branch is `master`")


@pytest.mark.parametrize(
    "where", ["git receive-pack", "hooks/pre-receive", "pushdeploy.programs.ssh_command"]
)
def test_a_first_push_that_is_killed_leaves_nothing_that_reconcile_does_not_remove(
    site: Site, where: str
) -> None:
    site.become("tiny")
    before = footprint(site)
    with_noise = site.app.folder / "noise.bin"
    with_noise.write_bytes(os.urandom(8 << 20))
    site.change({})
    running = ("pgrep", "-u", "deploy", "-f", where)  # what the last test asked for may still end
    eventually(lambda: site.host.run(*running, check=False).returncode, 1)
    killer = site.host.start("sh", "-c", f"until pkill -KILL -u deploy -f '{where}'; do :; done")

    assert site.push().exit_status != 0

    killer.communicate(timeout=10)
    assert killer.returncode == 0
    site.host.run("pushdeploy", "reconcile")

    after = footprint(site)
    if after != before:  # it came so far that the app was made
        assert f"\n{site.name}\n" in after
    assert site.push().exit_status == 0
