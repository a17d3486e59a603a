"""The power is cut at any instant: what is live then is whole, and the next push goes through."""

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.host.checkout import Installed
from tests.host.laptop import Laptop
from tests.host.story import Site
from tests.host.vm.cuts import Campaign
from tests.host.vm.lossy import LossyHost
from tests.host.vm.machine import Machine
from tests.host.vm.powered import Powered
from tests.tiers import rounds, slow

LIMIT_SECONDS = 1200.0
"""A campaign ends then, with the cuts that it has made."""


@pytest.fixture
def seed() -> int:
    """By chance; PUSHDEPLOY_SEED repeats a run."""
    return int(os.environ.get("PUSHDEPLOY_SEED") or random.SystemRandom().randrange(10**6))


@pytest.fixture
def campaign(
    installed: Installed, seed: int, tmp_path: Path
) -> Iterator[Callable[[type[Powered]], Campaign]]:
    """Makes a campaign on a server of a kind, which is removed at the end."""
    made: list[Powered] = []

    def make(kind: type[Powered]) -> Campaign:
        host = kind.from_disk(installed.suite, "power", installed.disk)
        made.append(host)
        site = Site.new(host, Laptop(host, tmp_path / "laptop", installed.key), "blog")
        prepared = Campaign(host, site, seed)
        prepared.prepare()
        return prepared

    yield make
    for host in made:
        host.close()


def run(campaign: Campaign, wanted: int) -> None:
    """So many cuts, or as many as there is time for."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while campaign.rounds < wanted and time.monotonic() < deadline:
        campaign.round()
    sys.stderr.write(f"{campaign.figures}\n")


def test_power_cuts_on_a_disk_that_forgets(
    disks_can_forget: None,
    campaign: Callable[[type[Powered]], Campaign],
) -> None:
    cuts = campaign(LossyHost)

    run(cuts, rounds(2, slow=30))

    assert cuts.rounds >= 2


@slow
def test_power_cuts_of_a_machine(
    machines_can_boot: None, campaign: Callable[[type[Powered]], Campaign]
) -> None:
    cuts = campaign(Machine)

    run(cuts, 10)

    assert cuts.rounds >= 1
