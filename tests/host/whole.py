"""What must be true of an app after `reconcile`: I1 to I6 of docs/explanation/reliability.md."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pushdeploy.model.history import History, read_history
from tests.host.host import Host
from tests.host.mishaps import assert_nothing_hangs, reconcile, releases_run, state_of
from tests.host.story import Site

UNITS = "/run/systemd/system"
OF_A_RELEASE = ("release.json", "environment", "code/app.py", "venv/.complete", "start/web")

# What `files.write`, `files.point`, `delete_tree` and the writers of units make on the way.
TEMPORARY = ("-name", ".new-*", "-o", "-name", ".old-*", "-o", "-name", ".*.new")
PLACES = ("/var/lib/pushdeploy", "/etc/pushdeploy", "/etc/nginx", UNITS, "/run/pushdeploy")

AS_TEMPLATES = Path(__file__).with_name("as_templates.py")


@dataclass(frozen=True, slots=True)
class Records:
    """What an app's own files say."""

    attempts: dict[int, dict[str, Any]]
    history: History
    runs: list[str]
    """The versions for which `release:` was run."""

    @classmethod
    def of(cls, site: Site) -> "Records":
        """Read them."""
        attempts: dict[int, dict[str, Any]] = {}
        for record in _lines(site, "attempts.jsonl"):
            attempts.setdefault(record["attempt"], {}).update(record)
        return cls(attempts, read_history(_lines(site, "history.jsonl")), releases_run(site))

    @property
    def release_phases(self) -> int:
        """How many attempts came to their release phase."""
        return sum(bool(one.get("release_phase")) for one in self.attempts.values())


def _lines(site: Site, name: str) -> list[dict[str, Any]]:
    text = site.host.run("cat", f"{site.root}/{name}", check=False).stdout
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:  # the torn line of a killed writer
            continue
    return found


def assert_whole(site: Site) -> None:
    """I1, I3, I5 and I6 hold, and the records agree with the disk; reconciles a second time.

    I2 is what visitors see meanwhile (`visitors.py`), I4 the push that follows.
    """
    records = Records.of(site)
    assert_complete(site)
    assert_recorded(site, records)
    assert_only_wanted_runs(site, records)
    assert_nothing_left(site)
    assert_nothing_hangs(site)
    assert_as_templates(site.host)
    assert_once(site)


def assert_complete(site: Site) -> None:
    """I1: `current` leads to a release with all that it needs."""
    present = site.host.run("ls", "-d", *(f"{site.root}/current/{one}" for one in OF_A_RELEASE))
    assert len(present.stdout.split()) == len(OF_A_RELEASE)


def assert_recorded(site: Site, records: Records) -> None:
    """History and `current` agree; every number was given once; every attempt has ended.

    `release:` was run at most once for each attempt.
    """
    assert records.history.intent is None
    assert f"v{records.history.live}" == site.current
    made = [one for one in records.attempts.values() if one["kind"] != "rollback"]
    numbers = [one["release"] for one in made if one.get("release")]
    assert sorted(numbers) == sorted(set(numbers))
    assert [one for one in records.attempts.values() if "outcome" not in one] == []
    assert len(records.runs) <= records.release_phases


def assert_only_wanted_runs(site: Site, records: Records) -> None:
    """I3: all of `current` and web of what is warm; nothing else has a unit, socket or process.

    A warm release that a restart has ended stays recorded, and boots if it is wanted again.
    """
    current = f"{site.current}"
    warm = {f"v{number}" for number in records.history.warm} - {current}
    units = site.units()
    releases = [unit for unit in units if re.match(r"v\d", unit)]
    own = [unit for unit in releases if unit.startswith(f"{current}.")]
    others = [unit for unit in releases if unit not in own]
    assert {"front.socket active", f"{current}.web.service active"} <= set(units)
    assert f"{current}.web.socket active" in own
    assert all(unit.endswith(" active") for unit in releases), releases
    assert {unit.split(".")[0] for unit in others} <= warm, units
    assert all(".web." in unit for unit in others), units
    if "worker:" in site.host.read(f"{site.root}/current/code/Procfile"):
        assert f"{current}.worker.1.service active" in own
    running = {unit.split()[0] for unit in releases}
    assert _names(site.host, UNITS, f"{site.unit}v*") == {f"{site.unit}{one}" for one in running}
    services = {f"{site.unit}{one}" for one in running if one.endswith(".service")}
    assert _cgroups(site) - {f"{site.unit}front.service"} == services
    web = {unit.split(".")[0] for unit in running if unit.endswith(".socket")}
    run = f"/run/pushdeploy/{site.name}"
    sockets = site.host.run("find", run, "-type", "s", "-printf", "%P\\n").stdout.split()
    assert {path.split("/")[0] for path in sockets} == web
    assert _names(site.host, run, "v*") <= set(site.releases_on_disk())


def assert_nothing_left(site: Site) -> None:
    """I5: no temporary file or folder; every slug and venv belongs to a release."""
    host, root = site.host, site.root
    left = host.run("find", *PLACES, "-not", "-path", "*/repo.git/*", "(", *TEMPORARY, ")")
    assert left.stdout == ""
    for folder, links in (("slugs", "{code,source,begun}"), ("venvs", "venv")):
        line = f"readlink {root}/releases/*/{links} | xargs -n1 basename"
        named = host.run("bash", "-c", line)
        assert _names(host, f"{root}/{folder}", "*") == set(named.stdout.split())


def assert_once(site: Site) -> None:
    """I5: to reconcile once more does nothing."""
    before = state_of(site)
    said = reconcile(site)
    assert said.stdout == ""
    assert state_of(site) == before


def assert_as_templates(host: Host) -> None:
    """I6: units and sites are, to the letter, what the templates give for the records' values."""
    python = "/opt/pushdeploy/current/venv/bin/python"
    assert host.run(python, "-I", "-c", AS_TEMPLATES.read_text()).stdout == ""


def _names(host: Host, folder: str, pattern: str) -> set[str]:
    found = host.run(
        *("find", folder, "-mindepth", "1", "-maxdepth", "1", "-name", pattern, "-printf", "%f\\n")
    )
    return set(found.stdout.split())


def _cgroups(site: Site) -> set[str]:
    """The services of the app's slice that have processes; a boot leaves empty cgroups behind."""
    lists = f"*/{site.unit.rstrip('.')}.slice/*.service/cgroup.procs"
    found = site.host.run(
        *("find", "/sys/fs/cgroup", "-path", lists, "-exec", "grep", "-l", ".", "{}", "+"),
        check=False,
    )
    return {path.split("/")[-2] for path in found.stdout.split()}
