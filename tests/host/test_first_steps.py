"""How the code gets onto a server, and where the person finds the app after a push."""

import re
import subprocess

from tests.host.checkout import CHECKOUT
from tests.host.host import Host
from tests.host.story import Site, said

COPY = re.compile(r"^\$ (git archive .*) \| ssh YOU@SERVER (tar .*)$", re.MULTILINE)
DOMAIN = "first-steps.example.com"


def test_the_readme_s_line_brings_code_that_installs(host: Host) -> None:
    found = COPY.search((CHECKOUT / "README.md").read_text())
    assert found
    assert found[0] in (CHECKOUT / "docs/tutorial/first-deploy.md").read_text()
    packed = subprocess.run(found[1].split(), cwd=CHECKOUT, capture_output=True, check=True)
    unpack = host.argv("env", "--chdir=/root", *found[2].split())
    subprocess.run(unpack, input=packed.stdout, check=True)

    done = host.run("env", "--chdir=/root/pushdeploy", "./installer.sh", timeout=300)

    assert "=====> Ready" in done.stdout + done.stderr


def test_a_name_that_leads_nowhere_is_said_with_a_way_that_works_now(site: Site) -> None:
    added = site.become("tiny") and site.laptop.ssh(f"apps:create {site.name}", check=True)
    assert added
    told = site.cli(f"domains:add {DOMAIN}").stderr

    push = site.push()

    assert f"DNS for {DOMAIN} does not point to this server yet" in told
    lines = "\n".join(said(push))
    why = "does not point to this server yet: it does not know that name"
    assert f"DNS for {DOMAIN} {why}" in re.sub(r"\s+", " ", lines)
    commands = [line.strip() for line in lines.splitlines() if line.strip().startswith("curl ")]
    assert commands == [f"curl --resolve {DOMAIN}:80:127.0.0.1 http://{DOMAIN}/"]
    answer = site.host.run("sh", "-c", f"{commands[0]} --silent --show-error")
    assert answer.stdout.startswith("v=1 release=v1 ")
    port = site.settings["port"]
    assert f"ssh -L {port}:127.0.0.1:{port} YOU@127.0.0.1" in lines
    assert push.exit_status == 0


def test_a_server_without_dns_says_so_and_does_not_blame_the_name(site: Site) -> None:
    site.laptop.ssh(f"apps:create {site.name}", check=True)
    files = site.host.read("/etc/nsswitch.conf")
    site.host.write("/etc/nsswitch.conf", files.replace("hosts: files", "hosts: files dns"))
    try:
        told = site.cli("domains:add no-dns.example.com").stderr
    finally:
        site.host.write("/etc/nsswitch.conf", files)

    assert "This server can't look up no-dns.example.com: its own DNS gives no answer" in told
    assert "does not point to this server" not in told


def test_on_the_bare_address_a_push_ends_with_the_address_that_was_reached(site: Site) -> None:
    site.become("tiny")
    site.laptop.ssh(f"apps:create {site.name}", check=True)
    site.cli("bare:set")
    try:
        push = site.push()
        answer = site.host.run("curl", "--silent", "--show-error", said(push)[-1].strip())
    finally:
        site.host.run("pushdeploy", "bare:set", "--app", "blog")

    assert said(push)[-1].strip() == "http://127.0.0.1"
    assert "ssh -L" not in push.output
    assert answer.stdout.startswith("v=1 release=v1 ")
