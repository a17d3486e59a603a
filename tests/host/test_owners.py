"""Owners: whatever was done to a server's files by hand, the next push works and all is told."""

import re
from collections.abc import Callable
from itertools import count

import pytest

from tests.host.host import Host
from tests.host.laptop import Push
from tests.host.story import Site, assert_serving, engines, eventually

# Owner, group and mode of each path, but for what the app and its builds do as they like.
LISTING = r"""
cd "$1" && find . /var/log/pushdeploy/"$2" /run/pushdeploy/"$2" /etc/pushdeploy /opt/pushdeploy \
  ! -path './home/*' ! -path './cache/*' ! -path './shared/*' ! -path './repo.git/*' \
  ! -name '*.holder' ! -name '__pycache__' ! -name '*.pyc' -printf '%p %y %u:%g %m\n' | sort
find . ! -type l -printf '%p %u\n' | grep -E '^./(home|cache|shared|repo.git)' | sort
"""

STRANGER = "4711:4711"
"""Numbers that nobody has."""

HOURLY = "pushdeploy.reconcile.service"
CANARY = "/var/lib/canary"
EVERYTHING = "/var/lib/pushdeploy /etc/pushdeploy /opt/pushdeploy /var/log/pushdeploy"

DAMAGES = {
    "root packed the repo": (
        "git -c safe.directory=* -C {root}/repo.git gc --quiet",
        "in {root}/repo.git: deploy:deploy",
    ),
    "root owns the repo": ("chown -R root:root {root}/repo.git", "{root}/repo.git and "),
    "a stranger owns the app": (
        f"chown -R {STRANGER} {{root}} /var/log/pushdeploy/{{name}}",
        "{root}/releases/v1/environment: root:pd-{name}, mode 0640",
    ),
    "everybody may do everything": ("chmod -R 777 {root}", "{root}/slugs and "),
    "nobody may look into the folders": (
        "chmod 700 /var/lib/pushdeploy {root} {root}/slugs",
        "/var/lib/pushdeploy: root:root, mode 0711",
    ),
    "folders are gone": (
        "rm -r /run/pushdeploy/{name} {root}/cache /var/log/pushdeploy/{name}",
        "made {root}/cache",
    ),
}
"""What somebody did by hand, and what is said of it."""


def reboot(host: Host) -> None:
    """The boot makes them, and lets nginx in before it starts."""
    host.reboot()
    for name in ("deploy", "pushdeploy", "pd-front"):
        host.run("getent", "group", name)
    assert host.exists("/run/pushdeploy/engine.sock")


RESCUES: dict[str, Callable[[Host], object]] = {
    "by root": lambda host: host.run("pushdeploy", "reconcile"),
    "by the hourly timer": lambda host: host.run("systemctl", "start", HOURLY),
    "at boot": reboot,
}
"""Who notices what was deleted; the two units may do nothing but ask the engine."""

versions = count(2)


def listing(site: Site) -> list[str]:
    """Who owns what, once nothing goes on."""
    eventually(lambda: engines(site.host), [])
    return site.host.run("sh", "-c", LISTING, "sh", site.root, site.name).stdout.splitlines()


def reconcile(host: Host, *options: str) -> str:
    """What it says that it did, once nothing else goes on."""
    eventually(lambda: engines(host), [])
    return host.run("pushdeploy", "reconcile", *options).stdout


def damage(site: Site, line: str) -> None:
    """What somebody did by hand, as root."""
    eventually(lambda: engines(site.host), [])
    site.host.run("sh", "-c", line.format(root=site.root, name=site.name))


def next_push_is_live(site: Site) -> Push:
    """Without a step by hand."""
    version = next(versions)
    push = site.deploy_version(version)
    assert_serving(site, version=version)
    return push


def test_a_server_as_it_was_installed_is_as_the_list_says(gated: Site) -> None:
    assert reconcile(gated.host) == ""
    assert reconcile(gated.host, "--deep") == ""


@pytest.mark.parametrize(("line", "word"), DAMAGES.values(), ids=DAMAGES)
def test_a_push_sets_right_what_was_done_to_its_app(gated: Site, line: str, word: str) -> None:
    damage(gated, line)

    push = next_push_is_live(gated)

    noted = gated.host.run("journalctl", "--identifier=pushdeploy", "--output=cat").stdout
    said = re.sub(r"\s*\nremote:\s*", " ", push.output) + noted
    assert word.format(root=gated.root, name=gated.name) in said
    assert reconcile(gated.host, "--deep") == ""


def test_reconcile_sets_right_a_whole_server_and_says_so(gated: Site) -> None:
    before = listing(gated)
    damage(gated, f"chown -R {STRANGER} {EVERYTHING}")

    said = reconcile(gated.host)

    assert "the server: set the owner of /opt/pushdeploy and " in said
    assert f"{gated.name}: set the owner of {gated.root}/shared and " in said
    assert listing(gated) == before
    assert reconcile(gated.host, "--deep") == ""
    next_push_is_live(gated)


def test_the_installer_sets_right_what_it_once_made(gated: Site) -> None:
    before = listing(gated)
    damage(gated, f"chown -R {STRANGER} /etc/pushdeploy {gated.root}/venvs")

    said = gated.host.run("env", "--chdir=/srv/src", "./installer.sh", timeout=300).stderr

    assert "set the owner of /etc/pushdeploy: root:root, mode 0711" in said
    assert f"set the owner of {gated.root}/venvs: root:pd-{gated.name}, mode 2711" in said
    assert listing(gated) == before


@pytest.mark.parametrize("rescue", RESCUES.values(), ids=RESCUES)
def test_users_and_the_group_that_were_deleted_are_made_again(
    gated: Site, rescue: Callable[[Host], object]
) -> None:
    names = [f"pd-{gated.name}", f"pb-{gated.name}", "deploy", "pushdeploy", "pd-front"]
    before = [gated.host.run("getent", "group", name).stdout for name in names]
    damage(
        gated,
        "systemctl stop pushdeploy.engine.socket; sed -i -E "
        "'/^(pd-{name}|pb-{name}|deploy|pushdeploy|pd-front):/d' "
        "/etc/passwd /etc/group /etc/shadow /etc/gshadow",
    )

    rescue(gated.host)

    assert [gated.host.run("getent", "group", name).stdout for name in names] == before
    assert gated.host.exists("/run/pushdeploy/engine.sock")
    assert gated.get("/").status == 200
    next_push_is_live(gated)
    assert reconcile(gated.host, "--deep") == ""


def test_who_has_lost_both_sockets_of_the_engine_gets_them_back(gated: Site) -> None:
    damage(gated, "rm -r /run/pushdeploy/*.sock")

    said = reconcile(gated.host)

    assert said == "the server: started pushdeploy.engine.socket\n"
    next_push_is_live(gated)


def test_root_s_own_socket_comes_back(gated: Site) -> None:
    damage(gated, "rm /run/pushdeploy/root.sock")

    said = reconcile(gated.host)

    assert said == "the server: started pushdeploy.engine@root.socket\n"
    assert gated.host.exists("/run/pushdeploy/root.sock")


def test_a_push_that_finds_a_link_for_a_folder_ends_in_a_sentence(gated: Site) -> None:
    before = gated.current
    damage(gated, "mv {root}/home {root}/elsewhere && ln -s {root}/elsewhere {root}/home")

    gated.change({"VERSION": f"{next(versions)}\n"})
    push = gated.push()

    gated.host.run(
        "sh", "-c", f"rm {gated.root}/home && mv {gated.root}/elsewhere {gated.root}/home"
    )
    assert push.exit_status == 1
    said = re.sub(r"\s*\n(remote:)?\s*! *", " ", push.output)
    assert f"`{gated.root}/home` should be a folder of pushdeploy's but is not Next: ls -ld" in said
    assert "Traceback" not in push.output
    assert gated.current == before
    assert gated.get("/").status == 200
    assert gated.push().exit_status == 0


def test_what_an_app_points_at_is_not_given_to_it(gated: Site) -> None:
    shared = f"{gated.root}/shared"
    gated.host.run("sh", "-c", f"mkdir {CANARY}; echo x > {CANARY}/soft; echo x > {CANARY}/hard")
    gated.host.run("ln", "-s", f"{CANARY}/soft", CANARY, shared)
    gated.host.run("ln", f"{CANARY}/hard", f"{shared}/hard")
    damage(gated, f"chown -h {STRANGER} {{root}}/shared {{root}}/shared/*")

    said = gated.host.run("pushdeploy", "reconcile").stdout

    owners = gated.host.run("stat", "--format=%u", CANARY, f"{CANARY}/soft", f"{CANARY}/hard")
    gated.host.run("rm", "-r", CANARY, f"{shared}/hard", f"{shared}/soft", f"{shared}/canary")
    assert f"left 1 files in `{shared}` alone: they have names elsewhere" in said
    assert owners.stdout.split() == ["0", "0", STRANGER.split(":", maxsplit=1)[0]]
    assert reconcile(gated.host, "--deep") == ""
