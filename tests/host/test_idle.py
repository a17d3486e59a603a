"""Between deploys nothing of ours runs (I7 of docs/explanation/reliability.md)."""

from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site, eventually
from tests.tiers import slow

# Programs of ours, and the fronts; an app's own processes lie below its folder.
OURS = ("/opt/pushdeploy/", "systemd-socket-proxyd", "pushdeploy.programs")

IDLE_SECONDS = 90.0
"""The front leaves 30 s after its last visitor."""


LOOKS = 130
"""One a second, over two looks of the watchdog, which is there for a moment each minute."""


def ours(host: Host, pause: int = 0) -> list[str]:
    """The command lines of our processes, after so many seconds."""
    listed = host.run("sh", "-c", f"sleep {pause}; ps -eo args=").stdout.splitlines()
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
    seen = {line for _ in range(LOOKS) for line in ours(fresh_host, pause=1)}

    assert {line for line in seen if "/watchdog" not in line} == set()
    assert site.get("/").status == 200
