"""Between deploys nothing of ours runs (design: I7)."""

from tests.system.host import Host
from tests.system.laptop import Laptop
from tests.system.story import Site, eventually
from tests.tiers import slow

# Programs of ours, and the fronts; an app's own processes lie below its folder.
OURS = ("/opt/pushdeploy/", "systemd-socket-proxyd", "pushdeploy.cli")

IDLE_SECONDS = 90.0
"""The front leaves 30 s after its last visitor."""


def ours(host: Host) -> list[str]:
    """The command lines of our processes."""
    listed = host.run("ps", "-eo", "args=").stdout.splitlines()
    return [line for line in listed if any(mark in line for mark in OURS)]


@slow
def test_nothing_of_ours_is_left_when_nobody_deploys_or_visits(
    fresh_host: Host, fresh_laptop: Laptop
) -> None:
    site = Site.new(fresh_host, fresh_laptop, "blog")
    site.deploy("tiny")
    assert site.get("/").status == 200
    assert ours(fresh_host) != []

    eventually(lambda: ours(fresh_host), [], IDLE_SECONDS)

    assert site.get("/").status == 200
