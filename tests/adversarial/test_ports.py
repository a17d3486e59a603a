"""Apps that take the ports of others, all ports, or a port that the internet reaches."""

import json
import re
import threading
from collections.abc import Callable

import pytest

from tests.host.host import Host
from tests.host.story import (
    Site,
    assert_refused,
    assert_unchanged,
    eventually,
    said,
    snapshot,
)

WATCHDOG = "pushdeploy.watchdog.timer"
RECONCILE = "pushdeploy.reconcile.timer"
OURS = (29_000, 29_999)
FRONTS = (8_000, 8_999)
EPHEMERAL = (32_768, 49_999)
NOT_ALLOWED = "Operation not permitted"
BIND = "import socket; socket.socket().bind(('127.0.0.1', {})); print('bound')"


@pytest.fixture
def squatter(new_site: Callable[[], Site]) -> Site:
    """An app that takes what it can."""
    site = new_site()
    site.deploy("squatter")
    return site


@pytest.fixture
def victim(new_site: Callable[[], Site]) -> Site:
    """An app that listens on a port."""
    site = new_site()
    site.deploy("port")
    return site


def binding_is_limited(host: Host) -> bool:
    """Whether this systemd can keep apps from binding (`SocketBindDeny=`)."""
    return "+BPF_FRAMEWORK" in host.run("systemctl", "--version").stdout


def port_of(site: Site) -> int:
    """The port that the live release was given."""
    return int(site.host.read(f"/run/pushdeploy/{site.name}/{site.current}.port"))


def ask(site: Site, path: str) -> dict[str, object]:
    """What the squatter says."""
    found: dict[str, object] = json.loads(site.get(path, timeout=60).text)
    return found


def test_who_takes_another_apps_port_gets_none_of_its_visitors(
    squatter: Site, victim: Site
) -> None:
    port = port_of(victim)
    taken: list[dict[str, object]] = []

    def wait() -> None:
        taken.append(ask(squatter, f"/squat?first={port}&last={port}&wait=8"))

    # Either would find the squatter first.
    victim.host.run("systemctl", "stop", WATCHDOG, RECONCILE, f"{RECONCILE[:-6]}.service")
    waiting = threading.Thread(target=wait)
    waiting.start()
    try:
        victim.host.run("systemctl", "kill", "--signal=KILL", f"{victim.unit}v1.web.service")
        waiting.join()
        answers = [said_by(victim) for _ in range(3)]
        heard = ask(squatter, "/heard")
        victim.host.run("systemctl", "start", "pushdeploy.watchdog.service")
        left = running(squatter)
    finally:
        victim.host.run("systemctl", "start", WATCHDOG, RECONCILE)

    if binding_is_limited(victim.host):
        assert taken == [{"held": 0, "refused": {str(port): NOT_ALLOWED}}]
    else:
        assert taken == [{"held": 1, "refused": {}}]
        assert answers == [""] * 3
        assert heard == {"connections": 0, "bytes": 0}
        assert left == []
    eventually(lambda: said_by(victim)[:14], "v=1 release=v1")


def said_by(site: Site) -> str:
    """What the front answers, if anything."""
    try:
        return site.get("/", timeout=3).text
    except OSError:
        return ""


def test_an_app_that_takes_every_port_hurts_only_itself(
    squatter: Site, new_site: Callable[[], Site]
) -> None:
    newcomer = new_site()
    # The one would stop the squatter, too, and the other start it again.
    squatter.host.run("systemctl", "stop", WATCHDOG, RECONCILE, f"{RECONCILE[:-6]}.service")
    try:
        assert take(squatter, FRONTS, OURS, EPHEMERAL) > 17_000

        newcomer.deploy("port")

        assert newcomer.get("/").text.startswith("v=1 release=v1 ")
        assert running(squatter) == []

        squatter.host.run("pushdeploy", "reconcile", "--app", squatter.name)
        eventually(lambda: squatter.get("/heard").status, 200)
        # Where systemd keeps it from the ports of bridges it gets those of fronts alone.
        assert take(squatter, FRONTS, OURS, how="connect") > 900
        newcomer.change({"README.md": "again\n"})

        push = newcomer.push()

        squatter.host.run("pushdeploy", "reconcile", "--app", squatter.name)
        eventually(lambda: squatter.get("/heard").status, 200)
        assert take(squatter, EPHEMERAL, how="datagrams") > 14_000
        using_udp = running(squatter)
        squatter.host.run("systemctl", "start", "pushdeploy.watchdog.service")
    finally:
        squatter.host.run("systemctl", "start", WATCHDOG, RECONCILE)

    assert push.exit_status == 0, push.output
    assert newcomer.get("/").text.startswith("v=1 release=v2 ")
    words = " ".join(line.strip() for line in said(push))
    assert re.search(rf"stopped `{squatter.name}`, which held \d+ ports", words), push.output
    assert using_udp != []
    assert running(squatter) == []


def take(squatter: Site, *ranges: tuple[int, int], how: str = "listen") -> int:
    """Have it take all ports of these ranges that it can get; returns how many it has."""
    held: object = 0
    for first, last in ranges:
        held = ask(squatter, f"/squat?first={first}&last={last}&how={how}")["held"]
    assert isinstance(held, int)
    return held


def running(site: Site) -> list[str]:
    """The services of an app that run."""
    return [unit for unit in site.units() if unit.endswith(".service active")]


def test_a_web_that_listens_on_every_address_is_heard_by_its_visitors_alone(
    victim: Site, new_site: Callable[[], Site]
) -> None:
    attacker = new_site()
    attacker.deploy("tiny")
    victim.change({"Procfile": "web: HOST=0.0.0.0 python server.py\n"})

    push = victim.push()

    assert push.exit_status == 0, push.output
    assert said_by(victim).startswith("v=1 release=v2")
    victim.host.run("ip", "address", "add", "10.77.0.1/32", "dev", "lo")
    tried = CONNECT.replace('("::1", 0)', '("10.77.0.1", 0)')
    found = json.loads(attacker.cli(f"run python - {port_of(victim)}", stdin=tried).stdout)
    victim.host.run("ip", "address", "delete", "10.77.0.1/32", "dev", "lo")
    assert set(found.values()) == {REFUSED}, found


def test_where_the_kernel_lets_other_machines_in_it_is_refused_with_the_line_that_cures_it(
    victim: Site,
) -> None:
    """As it is where the kernel has no nf_tables: the engine may not reach them."""
    victim.host.write(f"{NO_NETLINK}/10.conf", "[Service]\nRestrictAddressFamilies=~AF_NETLINK\n")
    victim.host.run("systemctl", "daemon-reload")
    before = snapshot(victim)
    victim.change({"Procfile": "web: HOST=0.0.0.0 python server.py\n"})
    try:
        push = victim.push()
        assert_refused(push, "web listens on 0.0.0.0:", "web: HOST=127.0.0.1 python server.py")
        assert_unchanged(victim, before)
    finally:
        victim.host.run("rm", "-r", NO_NETLINK)
        victim.host.run("systemctl", "daemon-reload")
        victim.host.run("pushdeploy", "reconcile")
    victim.change({"Procfile": "web: HOST=127.0.0.1 python server.py\n"})
    assert victim.push().exit_status == 0


def test_nothing_of_an_app_may_bind_the_ports_of_others_where_systemd_can_forbid_it(
    new_site: Callable[[], Site],
) -> None:
    site = new_site()
    if not binding_is_limited(site.host):
        pytest.skip("this systemd is built without BPF; who has a port is looked at instead")
    lines = {
        "release": f'release: python -c "{BIND.format(OURS[0])}" || echo kept out of {OURS[0]}\n',
        "worker": f'worker: python -c "{BIND.format(OURS[1])}" || echo kept out; sleep 600\n',
    }

    push = site.deploy("port", {"Procfile": "web: python server.py\n" + "".join(lines.values())})
    ran = site.cli(f"run python -c '{BIND.format(29_500).replace(chr(39), chr(34))}'", check=False)

    assert f"kept out of {OURS[0]}" in push.output
    eventually(lambda: "kept out" in site.cli("logs").stdout, wanted=True)
    assert ran.returncode == 1
    assert NOT_ALLOWED in ran.stderr + ran.stdout


CONNECT = """\
import json, socket, sys
found = {}
MPTCP = 262
for number in map(int, sys.argv[1:]):
    for address, kind in (("127.0.0.1", 0), ("::1", 0), ("127.0.0.1", MPTCP)):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM, kind) as one:
                one.settimeout(5)
                one.connect((address, number))
            found[f"{address} {number}"] = "connected"
        except OSError as error:
            found.setdefault(f"{address} {number}", type(error).__name__)
print(json.dumps(found))
"""

SSHD = 22
NO_NETLINK = "/run/systemd/system/pushdeploy.engine@.service.d"
REFUSED = "ConnectionRefusedError"


def test_an_app_reaches_no_port_of_another_and_holds_none_of_its_workers(
    victim: Site, new_site: Callable[[], Site]
) -> None:
    attacker = new_site()
    attacker.deploy("tiny")
    front, own, bridged = victim.settings["port"], attacker.settings["port"], port_of(victim)

    def reached() -> dict[str, str]:
        words = f"run python - {own} {front} {bridged} {SSHD}"
        found: dict[str, str] = json.loads(attacker.cli(words, stdin=CONNECT).stdout)
        return found

    wanted = {
        **{f"{address} {own}": "connected" for address in ("127.0.0.1", "::1")},
        **{
            f"{address} {one}": REFUSED
            for address in ("127.0.0.1", "::1")
            for one in (front, bridged, SSHD)
        },
    }
    assert reached() == wanted
    assert [said_by(victim)[:14] for _ in range(3)] == ["v=1 release=v1"] * 3

    victim.change({"README.md": "again\n"})
    assert victim.push().exit_status == 0
    bridged = port_of(victim)
    assert reached()[f"127.0.0.1 {bridged}"] == REFUSED
    assert said_by(victim).startswith("v=1 release=v2")

    victim.host.run("systemctl", "restart", "pushdeploy.boot.service")
    assert reached()[f"127.0.0.1 {front}"] == REFUSED
    assert said_by(victim).startswith("v=1 release=v2")


EVERY = ("127.0.0.1", "[::1]", "0.0.0.0", "[::]", "[::ffff:127.0.0.1]")  # noqa: S104 - tried
IN_USE = "Address already in use"


def test_whoever_asks_localhost_meets_the_app_that_has_the_port(
    squatter: Site, victim: Site
) -> None:
    host, front, bridged = victim.host, victim.settings["port"], port_of(victim)
    host.run("systemctl", "stop", WATCHDOG)
    try:
        owned = {address: squat(squatter, front, address) for address in EVERY}
        beside = squat(squatter, front, "127.0.0.2")

        answers = {
            name: host.run(
                *("curl", "--silent", "--max-time", "3", f"http://{name}:{front}/"), check=False
            ).stdout[:14]
            for name in ("localhost", "127.0.0.1", "[::1]", "127.0.0.2")
        }
        heard = ask(squatter, "/heard")
        host.run("systemctl", "start", "pushdeploy.watchdog.service")
        after_front = running(squatter)

        host.run("pushdeploy", "reconcile", "--app", squatter.name)
        eventually(lambda: squatter.get("/heard").status, 200)
        port_beside = squat(squatter, bridged, "[::1]")
        victim.change({"README.md": "again\n"})
        push = victim.push()
    finally:
        host.run("systemctl", "start", WATCHDOG)

    assert owned == dict.fromkeys(owned, IN_USE)
    assert beside == "held"
    ours = "v=1 release=v1"
    assert answers == {"localhost": ours, "127.0.0.1": ours, "[::1]": ours, "127.0.0.2": ""}
    assert heard == {"connections": 0, "bytes": 0}
    assert after_front == []
    assert push.exit_status == 0, push.output
    if binding_is_limited(host):
        assert port_beside == NOT_ALLOWED
    else:
        assert port_beside == "held"
        words = " ".join(line.strip() for line in said(push))
        assert f"stopped `{squatter.name}`, which listened on port {bridged}" in words


def test_a_port_that_waits_for_its_app_can_not_be_kept_from_it(
    squatter: Site, new_site: Callable[[], Site]
) -> None:
    newcomer = new_site()
    newcomer.host.run("pushdeploy", "apps:create", newcomer.name)
    port = newcomer.settings["port"]
    taken = squat(squatter, port, "127.0.0.1")

    push = newcomer.deploy("tiny")

    assert taken == "held"
    words = " ".join(line.strip() for line in said(push))
    assert f"stopped `{squatter.name}`, which had taken port {port}" in words, push.output
    assert newcomer.get("/").status == 200


def squat(squatter: Site, port: int, address: str) -> str:
    """Have it listen there; `held`, or why not."""
    asked = f"/squat?first={port}&last={port}&address={address.strip('[]')}"
    found = ask(squatter, asked)
    refused = found["refused"]
    assert isinstance(refused, dict)
    return str(refused.get(str(port), "held"))
