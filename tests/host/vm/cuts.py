"""One power cut after the other: at a random instant of a deploy, and what must be true then."""

import json
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from tests.host.mishaps import assert_nothing_hangs, reconcile, strays
from tests.host.processes import end, start
from tests.host.story import Site, eventually
from tests.host.struck import PROCFILE
from tests.host.vm.disk import Lost
from tests.host.vm.powered import PATIENT, Powered
from tests.host.whole import assert_whole

LATE = 1.2
"""Cuts come until so many times as long as the thing took before: some just after its end."""

BOOT_SECONDS = 900.0

# Storage, for the file that the release phase of `PROCFILE` adds to.
APP_JSON = json.dumps({**json.loads(PATIENT["app.json"]), "pushdeploy": {"storage": ["instance/"]}})

# Prints each installed file that is not what its package says it is.
RECORDS = """
import base64, csv, hashlib, pathlib, sysconfig
packages = pathlib.Path(sysconfig.get_path("purelib"))
for record in packages.glob("*.dist-info/RECORD"):
    for name, sum, _ in csv.reader(record.open()):
        if sum:
            kind, _, wanted = sum.partition("=")
            found = hashlib.new(kind, (packages / name).read_bytes()).digest()
            if base64.urlsafe_b64encode(found).decode().rstrip("=") != wanted:
                print(name)
import gunicorn.app.wsgiapp
"""

# Prints each file of the commit that the slug does not have with the same contents, and at the
# end how many there are.
SLUG = (
    'git ls-tree -r "$1" | while read -r mode kind id path; do '
    '[ "$(git hash-object --no-filters -- "$2/$path")" = "$id" ] || echo "$path"; done; '
    'git ls-tree -r "$1" | wc -l'
)


class Deed(StrEnum):
    """What the power is cut in."""

    PUSH = "push"
    BUILD = "push that builds"
    ROLLBACK = "rollback"
    FIRST = "first push of an app"


@dataclass
class Campaign:
    """Cuts on one server; `took` is how long each deed lasts when it is left in peace."""

    host: Powered
    site: Site
    seed: int
    version: int = 0
    lived: set[str] = field(default_factory=set)
    """What answered once."""
    took: dict[Deed, float] = field(default_factory=dict)
    tally: dict[str, int] = field(default_factory=dict)
    rounds: int = 0
    first: Site | None = None
    """The app whose first push the power is cut in."""

    def prepare(self) -> None:
        """Two live releases, and the time that each deed takes."""
        self.site.deploy("tiny", {"VERSION": "0\n", "Procfile": PROCFILE, "app.json": APP_JSON})
        for deed in (Deed.BUILD, Deed.PUSH, Deed.ROLLBACK, Deed.FIRST):
            began = time.monotonic()
            deeds = self._start(deed)
            output, _ = deeds.communicate(timeout=BOOT_SECONDS)
            assert deeds.returncode == 0, output
            self.took[deed] = time.monotonic() - began
            self.lived.add(self._answers())
        self._forget_first()
        self._push_succeeds()

    def round(self) -> None:
        """Cut the power once, and look at everything."""
        self.rounds += 1
        random = Random(f"{self.seed} {self.rounds}")  # noqa: S311 - chance, not secrets
        deed = random.choice(list(Deed))
        instant = random.uniform(0, self.took[deed] * LATE)
        before = self._answers()
        process = self._start(deed)
        told = self._wait(process, instant)
        lost = self.host.cut_power(random)
        end(process)
        where = f"seed {self.seed}, round {self.rounds}: {deed}, cut after {instant:.2f} s, {lost}"
        sys.stderr.write(f"{where}\n")  # pytest -rP shows it, and every failure
        self._look(deed, before, told=told)
        self._count(deed, lost, told=told)

    def _start(self, deed: Deed) -> subprocess.Popen[str]:
        laptop, app = self.site.laptop, self.site.app
        if deed is Deed.FIRST:
            self.first = Site.new(self.host, laptop)
            self.first.become("tiny", PATIENT)
            return laptop.start_push(self.first.app)
        if deed is Deed.ROLLBACK:
            command = f"rollback --app {self.site.name}"
            return start(laptop.ssh_argv(command=command), env=laptop.environment, joined=True)
        self.version += 1
        files = {"VERSION": f"{self.version}\n"}
        if deed is Deed.BUILD:
            files["requirements.txt"] = f"gunicorn==27.0.1\n# {self.version}\n"
        self.site.change(files, f"Version {self.version}")
        return laptop.start_push(app)

    def _wait(self, process: subprocess.Popen[str], seconds: float) -> bool:
        """True when the deed was told to have succeeded before the power went."""
        with suppress(subprocess.TimeoutExpired):
            output, _ = process.communicate(timeout=seconds)
            assert process.returncode == 0, output
            return True
        return False

    def _answers(self) -> str:
        """`v=3`, from the front."""
        return self.site.get("/").text.split()[0]

    def _look(self, deed: Deed, before: str, *, told: bool) -> None:
        assert self.host.check_disk() == ""
        self.host.power_on()
        assert self.host.state() == "running"
        eventually(self._status, 200, BOOT_SECONDS)
        after = self._answers()
        if deed is Deed.FIRST:
            assert after == before
            self._first_push_succeeds(told=told)
        elif told:
            assert after != before
        if deed is Deed.ROLLBACK:
            assert after in self.lived
        elif deed is not Deed.FIRST:
            assert after in (before, self._newest)
        self._assert_contents()
        assert_nothing_hangs(self.site)
        reconcile(self.site)
        assert_whole(self.site)
        assert strays(self.site) == []
        self._push_succeeds()

    def _first_push_succeeds(self, *, told: bool) -> None:
        """I4, for an app that may be half made."""
        assert self.first is not None
        if told:
            assert self.first.get("/").status == 200
        push = self.first.push()
        assert push.exit_status == 0, push.output
        assert self.first.get("/").text.startswith("v=1 ")
        self._forget_first()

    def _forget_first(self) -> None:
        if self.first is not None:
            self.first.destroy()
            self.first = None

    @property
    def _newest(self) -> str:
        return f"v={self.version}"

    def _status(self) -> int:
        with suppress(OSError):
            return self.site.get("/").status
        return 0

    def _assert_contents(self) -> None:
        """I1: `current` names a release whose every file has what it should have."""
        root, current = self.site.root, self.site.current
        assert self.site.ask("releases")["current"] == current
        commit = self.site.ask(f"releases:info {current}")["commit"]["id"]
        compare = ("sh", "-c", f"cd {root}/repo.git && {SLUG}", "sh", commit)
        code = f"{root}/current/code"
        *different, count = self.host.run(*compare, code, user="deploy").stdout.splitlines()
        assert (different, int(count) > 0) == ([], True)
        python = f"{root}/current/venv/bin/python"
        assert self.host.run(python, "-c", RECORDS).stdout == ""

    def _push_succeeds(self) -> None:
        """I4: also when the last commit was on its way already."""
        if self._answers() != self._newest:
            push = self.site.push()
            assert push.exit_status == 0, push.output
        if self._answers() != self._newest:  # it was rolled back from, which a push respects
            process = self._start(Deed.PUSH)
            output, _ = process.communicate(timeout=BOOT_SECONDS)
            assert process.returncode == 0, output
        assert self._answers() == self._newest
        self.lived.add(self._newest)

    def _count(self, deed: Deed, lost: Lost, *, told: bool) -> None:
        for word in (
            str(deed),
            *(["told to have succeeded"] if told else []),
            *(["pages lost"] if lost.kept < lost.unflushed else []),
        ):
            self.tally[word] = self.tally.get(word, 0) + 1

    @property
    def figures(self) -> str:
        """One line."""
        return f"seed {self.seed}: {self.rounds} cuts; {self.tally}"
