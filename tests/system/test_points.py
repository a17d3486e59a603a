"""A fault at every step of a deploy on the real host: what is live stays, the next push works."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pushdeploy.system.faults import VARIABLE, Action, Point
from tests.system.checkout import Installed
from tests.system.host import Host
from tests.system.laptop import Laptop
from tests.system.story import Site
from tests.tiers import SLOW

# Those of a deploy; the edge's own are struck in their own test.
DEPLOY = [point for point in Point if not point.startswith(("site.", "certificate."))]
# A deploy to strike takes some seconds, so one action is tried at each step unless all are wanted.
ACTIONS = [Action.KILL_GROUP]
if SLOW:
    ACTIONS = [action for action in Action if action is not Action.SLEEP]

# The disk is asked for nothing at these, so that an error there would be our invention.
KILLED_ONLY = (Point.BUILD_COMPLETE,)

PROCFILE = "web: gunicorn --threads 8 app:app\nworker: sleep 1000\nrelease: python -c pass\n"


@pytest.fixture(scope="module")
def site(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An app with a worker and a release phase on a server of this file's own."""
    with Host.boot(installed.suite, "points", installed.disk) as host:
        laptop = Laptop(host, tmp_path_factory.mktemp("points") / "laptop", installed.key)
        site = Site.new(host, laptop, "blog")
        site.deploy("tiny", {"VERSION": "0\n", "Procfile": PROCFILE})
        yield site


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("point", DEPLOY)
def test_a_deploy_survives_a_fault(site: Site, point: Point, action: Action) -> None:
    if point in KILLED_ONLY and action not in (Action.KILL, Action.KILL_GROUP):
        pytest.skip("nothing is written at this point")
    version = int(Path(site.app.folder, "VERSION").read_text()) + 1
    # Another requirement each time, so that a venv is built, and five releases, so that one is
    # pruned.
    site.change(
        {
            "VERSION": f"{version}\n",
            "requirements.txt": f"gunicorn==27.0.1\n# {version}\n",
        }
    )
    site.host.run("systemctl", "set-environment", f"{VARIABLE}={point}:{action}")
    try:
        site.push()
    finally:
        site.host.run("systemctl", "unset-environment", VARIABLE)
    assert site.get("/").text.startswith((f"v={version} ", f"v={version - 1} "))  # I2

    site.host.run("pushdeploy", "reconcile")

    assert_whole(site)
    push = site.push()
    assert push.exit_status == 0, push.output  # I4
    assert site.get("/").text.startswith(f"v={version} ")
    assert_whole(site)


def assert_whole(site: Site) -> None:
    """I1, I3, I5: `current` is complete, what runs is named, nothing is left over."""
    root, current = site.root, site.current
    for name in ("release.json", "environment", "code/app.py", "venv/.complete", "start/web"):
        assert site.host.exists(f"{root}/current/{name}")
    site.host.run("pushdeploy", "reconcile")
    again = site.host.run("pushdeploy", "reconcile")
    assert again.stdout == ""
    warm = {
        line.split()[0].split(".")[0] for line in site.units() if line.split()[0].startswith("v")
    }
    assert current in warm
    assert len(warm) <= 2
    left = site.host.run("find", root, "-maxdepth", "2", "-name", ".new-*", "-o", "-name", ".old-*")
    assert left.stdout == ""
