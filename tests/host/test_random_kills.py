"""Somebody is killed at a random instant of a deploy or rollback under load, many times over.

`PUSHDEPLOY_SEED` repeats a run's choices; the instants are those of the clock all the same.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

import pytest

from tests.host.checkout import Installed
from tests.host.mishaps import (
    assert_nothing_hangs,
    kill_client,
    kill_engines,
    live_version,
    reconcile,
)
from tests.host.story import Site
from tests.host.strikes import NGINX, Place, command_of, kill_hook, output_of, place
from tests.host.struck import again, commit_next, deploy_first, deploy_next
from tests.host.visitors import BODY, Visit, visitors
from tests.host.whole import Records, assert_as_templates, assert_whole
from tests.tiers import rounds

SEED = int(os.environ.get("PUSHDEPLOY_SEED") or time.time())
HOSTS = rounds(1, slow=5)
ROUNDS = rounds(10, slow=100)
AT_ONCE = 5
"""Rounds that one group of visitors sees."""

# No kept connections: each would have the old release drained for 30 s. Some requests take 2 s.
LOAD = ("--rate=0", "--fresh=30", "--slow-every=0.5", BODY)

WHOM = {"group": 6, "engine": 2, "hook": 1, "client": 1}
DEPLOYS = 3
"""So many to one rollback."""

LATER = 1.2
"""Instants go on for a fifth longer than the whole takes: it tidies up after its answer."""


@pytest.fixture(params=range(HOSTS))
def where(
    request: pytest.FixtureRequest, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A server with an app that has a worker and two releases."""
    name = f"random{request.param}"
    with place(installed, name, tmp_path_factory.mktemp(name)) as where:
        deploy_first(where.site)
        deploy_next(where.site)
        yield where


def test_kills_at_random_instants_lose_nothing(
    where: Place, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    seed = SEED + request.node.callspec.params["where"]
    sys.stderr.write(f"PUSHDEPLOY_SEED={seed}\n")
    chance, seen = Random(seed), Counter[str]()  # noqa: S311 - not for secrets
    seconds = measured(where.site)
    for first in range(0, ROUNDS, AT_ONCE):
        with (
            visitors(where.host, where.site.url, *LOAD) as front,
            visitors(where.host, NGINX, *LOAD) as nginx,
        ):
            for number in range(first, min(first + AT_ONCE, ROUNDS)):
                seen += Counter(struck(where.site, chance, seconds, f"seed {seed}, round {number}"))
        seen += Counter(requests=tally(front) + tally(nginx))
        again(where.site)
    assert_as_templates(where.host)
    for name, value in (("seed", seed), *sorted(seen.items())):
        record_property(name, value)


def measured(site: Site) -> float:
    """Seconds that a deploy takes which nobody disturbs."""
    begun = time.monotonic()
    deploy_next(site)
    assert_nothing_hangs(site)
    return time.monotonic() - begun


def struck(site: Site, chance: Random, seconds: float, which: str) -> dict[str, int]:
    """One round; returns what was done, for the tally."""
    before = live_version(site)
    back = chance.randrange(DEPLOYS + 1) == 0 and rollback_target(site, chance)
    if back:
        after = int(site.host.read(f"{site.root}/releases/v{back}/code/VERSION"))
        started = command_of(site, f"rollback --app {site.name} v{back}")()
    else:
        after = commit_next(site, venv=chance.random() < 0.2)
        started = site.laptop.start_push(site.app)
    whom = chance.choices(list(WHOM), list(WHOM.values()))[0]
    instant = chance.uniform(0, seconds * LATER)
    what = f"{which}: {'rollback' if back else 'deploy'}, {whom} killed after {instant:.3f} s"
    sys.stderr.write(f"{what}\n")
    time.sleep(instant)
    match whom:
        case "client":
            kill_client(started)
        case "hook":
            kill_hook(site.host)
        case _:
            kill_engines(site.host, whole_cgroup=whom == "group")
    output_of(started)
    assert_nothing_hangs(site)
    reconcile(site)
    assert live_version(site) in (before, after), what
    assert_whole(site)
    return {"rounds": 1, f"{whom} killed": 1, "rollbacks" if back else "deploys": 1}


def rollback_target(site: Site, chance: Random) -> int:
    """Some release that was live and is not, or 0."""
    history = Records.of(site).history
    present = {int(name.removeprefix("v")) for name in site.releases_on_disk()}
    targets = sorted(set(history.once_live()) & present - {history.live or 0})
    return chance.choice(targets) if targets else 0


def tally(visit: Visit) -> int:
    """How many requests there were; none may be lost."""
    assert visit.errors == [], visit.figures
    return visit.requests
