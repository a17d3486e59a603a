"""Deploys and rollbacks in a row through nginx, by HTTP and HTTPS, and through the app's port."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Self

import pytest

from tests.host import proxy
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site
from tests.host.visitors import BODY, Visit, visitors
from tests.tiers import rounds

ROUNDS = rounds(5, slow=100)
NAMES = {"http": "plain.example.com", "https": "secure.example.com"}
KNOWN = "/usr/local/share/ca-certificates/load.crt"

# As `MIXED`, but there are two clients at once: what they ask must be little for a slow machine.
EACH = (
    *("--rate=20", "--connections=6", "--fresh=15", "--slow-every=0.5", "--post-every=0.2"),
    BODY,
)

versions = count(2)


@pytest.fixture(scope="module")
def root(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The authority of the certificate."""
    folder = tmp_path_factory.mktemp("authority")
    host.write(KNOWN, proxy.make_authority(folder).read_text())
    host.run("update-ca-certificates")
    yield folder / "ca.pem"
    host.run("rm", KNOWN)
    host.run("update-ca-certificates", "--fresh")


@pytest.fixture(scope="module", params=NAMES)
def scheme(request: pytest.FixtureRequest) -> str:
    """How visitors come to nginx."""
    return str(request.param)


@pytest.fixture(scope="module")
def tiny(
    host: Host,
    installed: Installed,
    scheme: str,
    root: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """The app `tiny` under its name, with a certificate when visitors come by HTTPS."""
    proxy.know_names(host, names=list(NAMES.values()))
    site = Site.new(host, Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key))
    site.deploy("tiny")
    site.cli(f"domains:add {NAMES[scheme]}")
    if scheme == "https":
        chain_and_key = proxy.make_certificate(root.parent, NAMES[scheme])
        site.cli("certs:add - -", stdin=json.dumps(chain_and_key))
    yield site
    site.destroy()


class Everybody:
    """Visitors through nginx and through the app's port, all at once, and who may answer them."""

    def __init__(self, site: Site, scheme: str, root: Path) -> None:
        through_nginx = (f"--host={NAMES[scheme]}", f"--ca={root}")
        self.site = site
        self.ways = ((f"{scheme}://127.0.0.1/", through_nginx), (site.url, ()))
        self.visits: list[Visit] = []
        self.live: set[str] = set()
        self.stack = ExitStack()

    def __enter__(self) -> Self:
        self.note()
        for url, options in self.ways:
            coming = visitors(self.site.host, url, *options, *EACH)
            self.visits.append(self.stack.enter_context(coming))
        return self

    def __exit__(self, *error: object) -> None:
        self.stack.__exit__(*error)  # type: ignore[arg-type]

    def note(self) -> None:
        """What is live now may answer: its version with its release, and no other pair."""
        self.live.add(self.site.get("/").text.split(" pid=")[0])

    def assert_none_lost(self, *, requests: int) -> None:
        """Each answer was whole and of one release that was live."""
        for visit in self.visits:
            assert visit.errors == [], visit.figures
            assert visit.requests >= requests, visit.figures
            assert set(visit.report["versions"]) == self.live
            assert {"kept", "fresh", "slow", "post"} == set(visit.report["kinds"])


def test_deploys_in_a_row_lose_no_request(tiny: Site, scheme: str, root: Path) -> None:
    before = proxy.nginx_pids(tiny.host)

    with Everybody(tiny, scheme, root) as everybody:
        for _ in range(ROUNDS):
            tiny.deploy_version(next(versions))
            everybody.note()

    everybody.assert_none_lost(requests=ROUNDS * 20)
    assert len(everybody.live) == ROUNDS + 1
    assert proxy.nginx_pids(tiny.host) == before


def test_rollbacks_in_a_row_lose_no_request(tiny: Site, scheme: str, root: Path) -> None:
    tiny.deploy_version(next(versions))
    tiny.deploy_version(next(versions))
    cold, older, newer = tiny.releases_on_disk()[-3:]

    with Everybody(tiny, scheme, root) as everybody:
        for number in range(ROUNDS):
            target = cold if number % 5 == 4 else (older, newer)[number % 2]
            tiny.cli(f"rollback {target}")
            assert tiny.current == target
            everybody.note()

    everybody.assert_none_lost(requests=ROUNDS * 10)
    assert len(everybody.live) == 3
