"""What hangs is restarted, what crash-loops is slowed down, and both are said.

All apps go wrong at once, and the watchdog looks once: what it does with each is a test.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.host import processes
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.mishaps import storage
from tests.host.story import Site, eventually, said
from tests.tiers import slow

BOOT_SECONDS = 60
"""A younger process is not judged (`pushdeploy/model/watchdog.py`)."""

TWO_MINUTES_AND_SOME = 180.0
LOOK_SECONDS = 180.0
AT_ONCE = 3
TIMER, SERVICE = "pushdeploy.watchdog.timer", "pushdeploy.watchdog.service"

NAMES = ("stopped", "port", "deadlock", "slow", "broken", "held", "off", "looping", "worker")

# It listens at a port of its own, and the bridge takes the connections.
AT_A_PORT = {
    "Procfile": "web: gunicorn --workers 1 --threads 4 --bind 127.0.0.1:$PORT app:app\n",
    "app.json": '{ "pushdeploy": { "web": "port", "storage": ["instance/"] } }\n',
}


@dataclass(frozen=True)
class Look:
    """One look of the watchdog, at apps that each have their own trouble."""

    sites: dict[str, Site]
    former: dict[str, str]
    """The main process of web, before."""
    told: list[str]
    """What it said that it did."""

    def did(self, name: str) -> list[str]:
        """What it said of one app."""
        start = f"{self.sites[name].name}: "
        return [line.removeprefix(start) for line in self.told if line.startswith(start)]

    def is_left_alone(self, name: str) -> bool:
        """Whether the same process runs, and nothing was said or noted."""
        site = self.sites[name]
        same = site.main_pid() == self.former[name]
        return same and self.did(name) == [] and site.ask("ps")["revived"] == []


@pytest.fixture(scope="module")
def sites(
    host: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Site]]:
    """An app for each trouble, all of them up for long enough; the timer waits meanwhile."""
    laptop = Laptop(host, tmp_path_factory.mktemp("laptop") / "home", installed.key)
    host.run("systemctl", "stop", TIMER)
    made = {name: Site.new(host, laptop) for name in NAMES}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        deployed = [
            pool.submit(site.deploy, "troubled", AT_A_PORT if name == "port" else {})
            for name, site in made.items()
        ]
    for one in deployed:
        one.result()
    ages = made.values()
    eventually(lambda: all(age(one) > BOOT_SECONDS for one in ages), wanted=True, seconds=120)
    yield made
    host.run("systemctl", "start", TIMER)
    for site in made.values():
        site.destroy()


@pytest.fixture(scope="module")
def look(sites: dict[str, Site]) -> Iterator[Look]:
    """Everything goes wrong, and the watchdog looks."""
    former = {name: site.main_pid() for name, site in sites.items()}
    host = sites["held"].host
    sites["off"].cli("watchdog:off")
    go_wrong(sites["slow"], "slow")
    go_wrong(sites["broken"], "broken")
    crash_loop(sites["looping"], "web", "web.1")
    crash_loop(sites["worker"], "worker.1", "worker.1")
    deadlock(sites["deadlock"])
    for name in ("stopped", "port", "held", "off"):
        signal_all_processes(sites[name], "STOP")
    holder = host.start("flock", f"{sites['held'].root}/lock", "sleep", "1000")
    try:
        lock = ("flock", "--nonblock", f"{sites['held'].root}/lock", "true")
        eventually(lambda: host.run(*lock, check=False).returncode, 1)
        yield Look(sites, former, watchdog(host))
    finally:
        processes.end(holder)
        for name in ("held", "off"):
            signal_all_processes(sites[name], "CONT")


def age(site: Site) -> float:
    """Seconds that its web process has been up."""
    return float(site.ask("ps")["instances"][0]["seconds"] or 0)


def watchdog(host: Host) -> list[str]:
    """Have it look now; returns what it said that it did."""
    before = said_before(host)
    host.run("systemctl", "start", SERVICE, timeout=LOOK_SECONDS)
    return said_before(host)[len(before) :]


def said_before(host: Host) -> list[str]:
    """All that it said so far."""
    host.run("journalctl", "--sync")
    line = ("journalctl", "--quiet", "--output=cat", f"--unit={SERVICE}")
    return host.run(*line).stdout.splitlines()


def sign(site: Site, name: str) -> str:
    """The file that makes the app go wrong."""
    return f"{storage(site)}/{name}"


def go_wrong(site: Site, name: str) -> None:
    """The app goes wrong from now on."""
    site.host.run("touch", sign(site, name))


def fix(site: Site, name: str) -> None:
    """The reason why it goes wrong has passed."""
    site.host.run("rm", "-f", sign(site, name))


def deadlock(site: Site) -> None:
    """Every thread that answers waits for ever, also when the reason has passed."""
    go_wrong(site, "deadlock")
    for _ in range(4):
        site.host.run("curl", "--silent", "--max-time", "0.5", site.url, check=False)
    fix(site, "deadlock")


def signal_all_processes(site: Site, signal: str) -> None:
    """A signal to every process of web; after STOP the unit stays `active`."""
    unit = f"{site.unit}{site.current}.web.service"
    site.host.run("systemctl", "kill", f"--signal={signal}", unit)


def crash_loop(site: Site, process: str, instance: str) -> None:
    """It ends again and again, from now on."""
    go_wrong(site, f"crash-{process.removesuffix('.1')}")
    site.host.run("kill", "-KILL", site.main_pid(process))
    eventually(lambda: restarts(site, instance) >= 5, wanted=True)


def restarts(site: Site, instance: str) -> int:
    """How often systemd has started the live one again."""
    live = [one for one in site.ask("ps")["instances"] if not one["warm"]]
    return next(int(one["restarts"]) for one in live if one["instance"] == instance)


def pause(site: Site, process: str) -> str:
    """How long systemd waits before it starts it again."""
    unit = f"{site.unit}{site.current}.{process}.service"
    return site.host.run("systemctl", "show", "--value", "-pRestartUSec", unit).stdout.strip()


@pytest.mark.parametrize("name", ["stopped", "port", "deadlock"])
def test_web_that_hangs_is_started_anew(look: Look, name: str) -> None:
    site = look.sites[name]

    assert look.did(name) == ["restarted web.1 of v1, which did not answer"]
    assert site.get("/", timeout=60).text == "fine\n"
    assert site.main_pid() != look.former[name]
    assert "v1.web.service active" in site.units()


def test_that_it_was_started_anew_is_said_by_ps_and_once_by_a_push(look: Look) -> None:
    site = look.sites["stopped"]

    ps = site.cli("ps").stderr
    revived = site.ask("ps")["revived"]
    site.change({"README.md": "again\n"})
    push = site.push()
    site.change({"README.md": "and again\n"})
    another = site.push()

    assert "web.1 of v1 hung and was restarted once" in ps
    assert f" logs -p web.1 --app {site.name}" in ps
    assert len(revived) == 1
    assert said(push)[1].startswith(" !     Warning: web.1 of v1 hung and was restarted once")
    assert another.exit_status == 0
    assert "hung" not in another.output


@pytest.mark.parametrize(("name", "status"), [("slow", 200), ("broken", 500)])
def test_web_that_answers_slowly_or_with_an_error_is_left_alone(
    look: Look, name: str, status: int
) -> None:
    site = look.sites[name]

    assert look.is_left_alone(name)
    assert site.get("/", timeout=60).status == status


def test_reconcile_leaves_web_that_answers_with_an_error_alone_too(look: Look) -> None:
    site = look.sites["broken"]

    site.host.run("pushdeploy", "reconcile", "--app", site.name)

    assert look.is_left_alone("broken")


def test_while_something_changes_the_app_the_watchdog_does_nothing(look: Look) -> None:
    assert look.is_left_alone("held")


def test_who_turned_it_off_is_left_alone(look: Look) -> None:
    site = look.sites["off"]

    site.host.run("pushdeploy", "reconcile", "--app", site.name)

    assert look.is_left_alone("off")
    assert site.cli("watchdog").stdout == "off\n"
    site.cli("watchdog:on")
    assert site.ask("watchdog") == {"app": site.name, "watchdog": True}


def test_a_crash_loop_of_web_is_bounded_and_said(look: Look) -> None:
    site = look.sites["looping"]

    assert look.did("looping") == ["slowed down web.1 of v1, which is crash-looping"]
    assert pause(site, "web") == "30s"
    assert site.ask("ps")["instances"][0]["crash_loop"] is True
    ps = site.cli("ps")
    assert "restarts, the last " in ps.stdout
    assert "web.1 of v1 is crash-looping" in ps.stderr
    assert f" logs -p web.1 --app {site.name}" in ps.stderr


def test_who_comes_in_a_crash_loop_waits_and_is_answered_when_it_is_over(look: Look) -> None:
    site = look.sites["looping"]
    answers: list[str] = []
    visitor = threading.Thread(target=lambda: answers.append(site.get("/", timeout=90).text))
    visitor.start()

    fix(site, "crash-web")

    visitor.join()
    assert answers == ["fine\n"]


def test_a_change_starts_at_once_and_crashes_anew_after_a_second(look: Look) -> None:
    site = look.sites["looping"]
    fix(site, "crash-web")

    site.cli("config:set COLOUR=blue")

    assert site.get("/").text == "fine\n"
    assert restarts(site, "web.1") == 0
    assert pause(site, "web") == "1s"


def test_a_crash_loop_of_a_worker_is_bounded_and_said_at_the_next_push(look: Look) -> None:
    site = look.sites["worker"]

    assert look.did("worker") == ["slowed down worker.1 of v1, which is crash-looping"]
    assert pause(site, "worker.1") == "30s"
    assert f" logs -p worker.1 --app {site.name}" in site.cli("ps").stderr
    assert "crash-worker is there" in site.cli("logs -p worker.1").stdout
    asked_else = site.cli("domains --json")
    assert asked_else.stdout.strip() == "[]"
    assert "Warning: worker.1 of v1 has been crash-looping for" in asked_else.stderr
    assert f"worker.1 of {site.name} is crash-looping" in site.laptop.ssh("apps", check=True).stderr
    fix(site, "crash-worker")
    site.change({"README.md": "mended\n"})
    push = site.push()
    assert push.exit_status == 0, push.output
    assert said(push)[1].startswith(" !     Warning: worker.1 of v1 has been crash-looping for")
    hint = f" logs -p worker.1 --app {site.name}"
    assert any(line.endswith(hint) for line in said(push)[2:4]), push.output
    assert restarts(site, "worker.1") == 0
    assert site.get("/").text == "fine\n"


def test_the_timer_waits_for_its_minute(fresh_host: Host) -> None:
    assert fresh_host.run("systemctl", "is-active", TIMER).stdout == "active\n"
    assert fresh_host.run("systemctl", "is-enabled", TIMER).stdout == "enabled\n"


@slow
def test_within_about_two_minutes_it_is_found_by_itself(
    fresh_host: Host, fresh_laptop: Laptop
) -> None:
    site = Site.new(fresh_host, fresh_laptop, "blog")
    site.deploy("troubled")
    eventually(lambda: age(site) > BOOT_SECONDS, wanted=True, seconds=90)
    signal_all_processes(site, "STOP")

    visit = ("curl", "--silent", "--max-time", "5", site.url)
    answered = lambda: site.host.run(*visit, check=False).stdout  # noqa: E731
    eventually(answered, "fine\n", TWO_MINUTES_AND_SOME)

    assert len(site.ask("ps")["revived"]) == 1
