"""The firewall on a real server, looked at from another machine; nobody is locked out."""

import json
from collections.abc import Iterator

import pytest

from tests.host import processes, proxy
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.outside import SERVER_6, Outside, outside
from tests.host.processes import Result
from tests.host.story import Site, assert_cli_refused

NAME = "blog.example.com"
STRAY_PORT = 5000
ANOTHER_SSH_PORT = 2222
SSHD_PORTS = "/etc/ssh/sshd_config.d/10-port.conf"
FAKE_UFW = "/usr/local/sbin/ufw"


@pytest.fixture(scope="module")
def server(installed: Installed) -> Iterator[Host]:
    """A server of this file's own, whose sshd listens on a second port too."""
    with Host.boot(installed.suite, "firewall", installed.disk) as host:
        proxy.know_names(host)
        host.write(SSHD_PORTS, f"Port 22\nPort {ANOTHER_SSH_PORT}\n")
        host.run("systemctl", "restart", "ssh")
        yield host


@pytest.fixture(scope="module")
def blog(server: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The app `blog`, live as blog.example.com with a certificate of its own."""
    folder = tmp_path_factory.mktemp("firewall")
    found = Site.new(server, Laptop(server, folder / "laptop", installed.key), "blog")
    found.deploy("tiny")
    found.cli(f"domains:add {NAME}")
    known = proxy.make_authority(folder).read_text()
    server.write("/usr/local/share/ca-certificates/own.crt", known)
    server.run("update-ca-certificates")
    found.cli("certs:add - -", stdin=json.dumps(proxy.make_certificate(folder, NAME)))
    return found


@pytest.fixture
def off(blog: Site) -> Iterator[Host]:
    """The server, with no rule and the firewall off, as Debian ships it; afterwards too."""
    reset(blog.host)
    yield blog.host
    reset(blog.host)


@pytest.fixture(scope="module")
def visitor(server: Host) -> Iterator[Outside]:
    """Another machine."""
    with outside(server) as machine:
        yield machine


def reset(host: Host) -> None:
    """Take every rule away."""
    host.run("ufw", "--force", "reset")
    host.run("sh", "-c", "rm -f /etc/ufw/*.rules.*")


def enable(host: Host, *words: str, check: bool = True) -> Result:
    """`pushdeploy firewall:enable`, typed on the server."""
    return host.run("pushdeploy", "firewall:enable", *words, check=check)


def rules(host: Host) -> list[str]:
    """What was added: `allow 22/tcp`."""
    lines = host.run("ufw", "show", "added").stdout.splitlines()
    added = [line.removeprefix("ufw ") for line in lines if line.startswith("ufw ")]
    return [rule.split(" comment ")[0] for rule in added]


def is_on(host: Host) -> bool:
    """True when ufw filters."""
    return "Status: active" in host.run("ufw", "status").stdout


def test_it_says_what_it_would_do_and_needs_a_yes(off: Host) -> None:
    refused = enable(off, check=False)

    assert_cli_refused(
        refused,
        2,
        "ssh listens on port 22, 2222; it stays open",
        "Rules to add: allow 22/tcp, 2222/tcp, 80/tcp, 443/tcp",
        "there is no terminal to ask for confirmation",
        " firewall:enable --yes",
    )
    assert not is_on(off)
    assert rules(off) == []


def test_from_outside_only_ssh_and_the_web_answer(off: Host, visitor: Outside) -> None:
    stray = off.start("python3", "-m", "http.server", str(STRAY_PORT), "--bind", "::")
    off.run(
        "bash", "-c", f"until (: </dev/tcp/127.0.0.1/{STRAY_PORT}) 2>/dev/null; do sleep 0.1; done"
    )
    before = visitor.reaches(STRAY_PORT), visitor.reaches(STRAY_PORT, SERVER_6)

    enable(off, "--yes")

    ports = (22, ANOTHER_SSH_PORT, 80, 443, 8000, 8001, STRAY_PORT)
    by_ipv4 = [port for port in ports if visitor.reaches(port)]
    by_ipv6 = [port for port in ports if visitor.reaches(port, SERVER_6)]
    processes.end(stray)
    assert before == (True, True)
    assert by_ipv4 == [22, ANOTHER_SSH_PORT, 80, 443]
    assert by_ipv6 == [22, ANOTHER_SSH_PORT, 80, 443]
    assert visitor.curl(NAME, "http") == "308 1.1"
    assert visitor.curl(NAME, "https") == "200 2"


def test_a_second_run_finds_nothing_missing(off: Host) -> None:
    enable(off, "--yes")
    before = rules(off)

    again = enable(off)

    assert "on already, and nothing is missing" in again.stderr
    assert (
        rules(off) == before == ["allow 22/tcp", "allow 2222/tcp", "allow 80/tcp", "allow 443/tcp"]
    )


def test_other_rules_are_left_alone(off: Host) -> None:
    off.run("ufw", "allow", "from", "10.1.0.0/16", "to", "any", "port", "5432")
    off.run("ufw", "deny", "25/tcp")
    off.run("ufw", "limit", "22/tcp")

    enable(off, "--yes")

    assert rules(off) == [
        "allow from 10.1.0.0/16 to any port 5432",
        "deny 25/tcp",
        "limit 22/tcp",
        "allow 2222/tcp",
        "allow 80/tcp",
        "allow 443/tcp",
    ]


def test_while_it_is_on_a_port_that_is_open_to_some_only_stays_so(off: Host) -> None:
    enable(off, "--yes")
    off.run("ufw", "delete", "allow", "2222/tcp")
    off.run("ufw", "allow", "from", "10.1.0.0/16", "to", "any", "port", "2222", "proto", "tcp")

    again = enable(off)

    assert "nothing is missing" in again.stderr
    assert "allow 2222/tcp" not in rules(off)


def test_a_rule_that_shuts_the_ssh_port_is_named(off: Host) -> None:
    off.run("ufw", "deny", "2222")

    refused = enable(off, "--yes", check=False)

    assert_cli_refused(refused, 69, "`ufw deny 2222`", "sudo ufw delete deny 2222")
    assert not is_on(off)
    assert rules(off) == ["deny 2222"]


def test_a_rule_that_does_not_arrive_keeps_the_firewall_off(off: Host) -> None:
    lost = f'case "$*" in "allow {ANOTHER_SSH_PORT}/tcp"*) exit 0 ;; esac'
    off.write(FAKE_UFW, f'#!/bin/sh\n{lost}\nexec /usr/sbin/ufw "$@"\n', mode="0755")

    refused = enable(off, "--yes", check=False)

    off.run("rm", FAKE_UFW)
    assert_cli_refused(
        refused, 69, "ufw did not accept the rule for port 2222; the firewall was not turned on"
    )
    assert not is_on(off)


def test_the_port_of_systemds_socket_is_found(off: Host) -> None:
    port = "[Socket]\nListenStream=\nListenStream=2022\n"
    off.write("/etc/systemd/system/ssh.socket.d/port.conf", port)
    off.run("systemctl", "daemon-reload")
    off.run("systemctl", "stop", "ssh.service")
    off.run("systemctl", "start", "ssh.socket")

    shown = enable(off, check=False).stderr

    off.run("systemctl", "stop", "ssh.socket")
    off.run("rm", "-r", "/etc/systemd/system/ssh.socket.d")
    off.run("systemctl", "daemon-reload")
    off.run("systemctl", "start", "ssh.service")
    assert "2022" in shown.splitlines()[0]


def test_a_port_that_sshd_still_listens_on_stays_open_whatever_its_settings_say(off: Host) -> None:
    """`Port` was changed, and sshd was not reloaded: from a console nobody would notice."""
    settings = off.read(SSHD_PORTS)
    off.write(SSHD_PORTS, "Port 2300\n")

    shown = enable(off, "--yes").stderr
    added = rules(off)

    off.write(SSHD_PORTS, settings)
    assert shown.splitlines()[0] == (
        "ssh listens on port 22, 2222, 2300; it stays open, for IPv4 and IPv6."
    )
    assert {"allow 22/tcp", "allow 2222/tcp"} <= set(added)


def test_the_port_that_one_came_in_by_stays_open(off: Host) -> None:
    came = {"SSH_CONNECTION": "10.99.0.2 51234 10.99.0.1 2200"}

    shown = off.run("pushdeploy", "firewall:enable", check=False, env=came).stderr

    assert "2200" in shown.splitlines()[0]


def test_over_ssh_it_can_be_turned_on_and_the_login_lives_on(off: Host, blog: Site) -> None:
    done = blog.laptop.ssh("firewall:enable --yes")

    assert done.returncode == 0, done.stderr
    assert is_on(off)
    status = json.loads(blog.laptop.ssh("firewall:status --json", check=True).stdout)
    assert status["active"] is True
    assert "22/tcp (v6)" in status["text"]


def test_without_ipv6_in_ufw_it_warns(off: Host) -> None:
    off.run("sed", "--in-place", "s/^IPV6=yes/IPV6=no/", "/etc/default/ufw")

    shown = enable(off, check=False).stderr

    off.run("sed", "--in-place", "s/^IPV6=no/IPV6=yes/", "/etc/default/ufw")
    assert "ufw leaves IPv6 alone" in shown


DUAL = """\
import http.server, os, socket

class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6

Server(("::", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
FORGET = "from pushdeploy.system.port_fence import remove; remove()"
PYTHON = "/opt/pushdeploy/current/venv/bin/python"
WATCHDOG = "pushdeploy.watchdog"


@pytest.fixture(scope="module")
def wide(server: Host, blog: Site) -> Site:
    """An app that listens on every address, of IPv4 and IPv6."""
    found = Site.new(server, blog.laptop, "wide")
    found.deploy("port", {"server.py": DUAL})
    return found


def port_of(site: Site) -> int:
    """Where its web process listens."""
    return int(site.host.read(f"/run/pushdeploy/{site.name}/{site.current}.port"))


def reached(machine: Outside, port: int) -> list[bool]:
    """By IPv4, and by IPv6."""
    return [machine.reaches(port), machine.reaches(port, SERVER_6)]


def test_web_may_listen_on_every_address_and_no_other_machine_reaches_it(
    off: Host, wide: Site, visitor: Outside
) -> None:
    port = port_of(wide)
    off.run("ufw", "allow", f"{port}/tcp")
    off.run("ufw", "--force", "enable")
    before = reached(visitor, port)

    off.run("ufw", "reload")

    assert before == reached(visitor, port) == [False, False]
    assert wide.get("/").status == 200


def test_when_all_rules_are_flushed_the_watchdog_closes_the_port_again(
    off: Host, wide: Site, visitor: Outside
) -> None:
    port = port_of(wide)
    off.run("systemctl", "stop", f"{WATCHDOG}.timer")
    try:
        off.run(PYTHON, "-c", FORGET)  # as `nft flush ruleset` does
        open_to_all = reached(visitor, port)

        off.run("systemctl", "start", f"{WATCHDOG}.service")
    finally:
        off.run("systemctl", "start", f"{WATCHDOG}.timer")

    assert open_to_all == [True, True], "else nothing else here is worth anything"
    assert reached(visitor, port) == [False, False]
    assert wide.get("/").status == 200
    wide.change({"README.md": "again\n"})
    assert wide.push().exit_status == 0
    assert reached(visitor, port_of(wide)) == [False, False]


def test_it_is_on_after_a_reboot_and_ports_of_web_are_closed(off: Host, wide: Site) -> None:
    enable(off, "--yes")

    off.reboot()

    assert is_on(off)
    off.run("ufw", "disable")
    with outside(off) as visitor:
        assert reached(visitor, port_of(wide)) == [False, False]
    assert wide.get("/").status == 200
