"""A websocket through deploys: whole until its release has drained, and then closed in order."""

import sys
from collections.abc import Iterator
from itertools import count

import pytest

from tests.host import proxy
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.mishaps import strays
from tests.host.story import Site, eventually
from tests.host.visitors import BODY, Visit, visitors
from tests.tiers import rounds

ROUNDS = rounds(2, slow=50)
NAME = "talk.example.com"
GOING_AWAY = "websockets_closed_1012"
"""Service restart (RFC 6455, registry of close codes), as uvicorn says it."""

TALKING = ("--websockets=6", "--rate=20", "--connections=2", "--fresh=5", "--post-every=0.2", BODY)
ONLY_TALKING = ("--websockets=6", "--rate=0")
DRAINED_SECONDS = 90.0

versions = count(2)


@pytest.fixture(scope="module")
def talking(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The app `websocket`, under a name."""
    proxy.know_names(host, names=[NAME])
    site = Site.new(host, Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key))
    site.deploy("websocket")
    site.cli(f"domains:add {NAME}")
    yield site
    site.destroy()


@pytest.fixture(params=["nginx", "port"])
def way(request: pytest.FixtureRequest, talking: Site) -> tuple[str, ...]:
    """Through nginx, or through the app's port."""
    if request.param == "nginx":
        return ("http://127.0.0.1/", f"--host={NAME}")
    return (talking.url,)


# What a text may meet that crosses the server's close on its way. A proxy that cannot hand on the
# text drops the close frame with it: nginx and the bridge both do.
CROSSED = ("close_race", "closed", "reset")
RACED = "keepalive_race"
RACES = max(1, ROUNDS // 10)


def cut(visit: Visit) -> list[dict[str, object]]:
    """What was lost: all but texts that crossed a close, which is nobody's fault.

    A server that is killed cuts websockets on which nothing is being said, nearly all of them,
    and those are no `message`.
    """
    return [
        one
        for one in visit.errors
        if one["outcome"] != RACED and (one["kind"] != "message" or one["outcome"] not in CROSSED)
    ]


def raced(visit: Visit) -> int:
    """How many requests crossed the server's close of a connection that was kept.

    uvicorn closes those of an old release as it ends, and only nginx stands in between.
    """
    return sum(1 for one in visit.errors if one["outcome"] == RACED)


def closed(visit: Visit) -> dict[str, int]:
    """How often the server closed websockets, by code."""
    found = visit.report["connections"].items()
    return {name: number for name, number in found if name.startswith("websockets_closed")}


def test_a_websocket_stays_with_its_release_while_that_is_warm(
    talking: Site, way: tuple[str, ...]
) -> None:
    talking.deploy_version(next(versions))
    before = talking.current
    eventually(lambda: strays(talking), [], DRAINED_SECONDS)

    with visitors(talking.host, *way, *ONLY_TALKING) as visit:
        talking.host.run("sleep", "1")
        talking.deploy_version(next(versions))
        talking.host.run("sleep", "2")

    assert visit.errors == [], visit.figures
    assert visit.report["connections"]["websockets_opened"] == 6
    assert closed(visit) == {}
    assert visit.releases == [before]


def test_websockets_are_closed_in_order_when_their_release_has_drained(
    talking: Site, way: tuple[str, ...]
) -> None:
    with visitors(talking.host, *way, *TALKING) as visit:
        for _ in range(ROUNDS):
            talking.deploy_version(next(versions))
        for _ in range(ROUNDS):
            older, newer = talking.releases_on_disk()[-2:]
            talking.cli(f"rollback {older}")
            talking.cli(f"rollback {newer}")
            talking.cli("deploy")
        eventually(lambda: strays(talking), [], DRAINED_SECONDS)

    assert cut(visit) == [], visit.figures
    assert raced(visit) <= (RACES if way[0] == talking.url else 0), visit.figures
    assert set(closed(visit)) == {GOING_AWAY}
    assert len(visit.errors) <= closed(visit)[GOING_AWAY], visit.figures
    sys.stderr.write(f"{len(visit.errors)} texts crossed {closed(visit)}; {visit.figures}\n")
    assert len(visit.releases) >= ROUNDS


def test_websockets_whose_server_is_killed_count_as_lost(
    talking: Site, way: tuple[str, ...]
) -> None:
    with visitors(talking.host, *way, *ONLY_TALKING) as visit:
        talking.host.run("sleep", "1")
        web = f"{talking.unit}{talking.current}.web.service"
        talking.host.run("systemctl", "kill", "--signal=KILL", web)
        talking.host.run("sleep", "3")

    assert cut(visit) != [], visit.figures
    assert closed(visit) == {}
    assert talking.get("/").status == 200
