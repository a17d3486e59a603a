"""The field's words: a test's own app, pushed from the laptop, and what must be true of it."""

import json
import re
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.host.checkout import CHECKOUT
from tests.host.host import Host
from tests.host.laptop import REMOTE, App, Laptop, Push
from tests.host.processes import Result
from tests.host.web import Answer, http_request

TREES = CHECKOUT / "tests/sample_apps"
BLOG = CHECKOUT / "examples/blog"

APPS = "/var/lib/pushdeploy/apps"
PATIENCE_SECONDS = 40.0
CLEANUP_SECONDS = 20.0

numbers = count(1)

# What git itself says after the last words of the server.
GIT_SAYS = re.compile(r"(To |error: failed to push| ! \[| \* \[|   [0-9a-f]{7,}\.\.|Everything up)")


@dataclass(frozen=True, slots=True)
class Site:
    """One app, on the laptop and on the server."""

    host: Host
    laptop: Laptop
    app: App

    @classmethod
    def new(cls, host: Host, laptop: Laptop, name: str | None = None) -> "Site":
        """A repository with nothing in it and the remote `production`; the server knows nothing."""
        chosen = name or f"app-{next(numbers)}"
        return cls(host, laptop, laptop.new_app(chosen, {".gitignore": "instance/\n"}))

    @property
    def name(self) -> str:
        """The app's name."""
        return self.app.name

    @property
    def unit(self) -> str:
        """What the names of all its units begin with."""
        return f"pushdeploy-{self.name.replace('-', '_')}."

    # On the laptop

    def become(self, tree: str | Path, files: Mapping[str, str] | None = None) -> str:
        """Commit exactly the files of a tree of `tests/sample_apps`, and these; the commit."""
        self.laptop.git(self.app, "rm", "-r", "-q", "--ignore-unmatch", ".")
        source = tree if isinstance(tree, Path) else TREES / tree
        found = {
            str(path.relative_to(source)): path.read_text()
            for path in source.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        return self.laptop.commit(self.app, {**found, **(files or {})}, f"Become {source.name}")

    def change(self, files: Mapping[str, str], message: str = "Change") -> str:
        """Commit a change of some files; returns the commit."""
        return self.laptop.commit(self.app, files, message)

    def push(self, ref: str = "main") -> Push:
        """`git push production main`."""
        return self.laptop.push(self.app, ref)

    def deploy(self, tree: str | Path, files: Mapping[str, str] | None = None) -> Push:
        """Commit a tree and push it, which must succeed."""
        self.become(tree, files)
        push = self.push()
        assert push.exit_status == 0, push.output
        return push

    def deploy_version(self, version: int) -> Push:
        """Push another version of `tiny`, which must succeed."""
        self.change({"VERSION": f"{version}\n"}, f"Version {version}")
        push = self.push()
        assert push.exit_status == 0, push.output
        return push

    def cli(self, command: str, *, stdin: str = "", check: bool = True) -> Result:
        """`ssh deploy@server COMMAND --app NAME`."""
        verb, _, rest = command.partition(" ")
        return self.laptop.ssh(f"{verb} --app {self.name} {rest}", stdin=stdin, check=check)

    def ask(self, command: str) -> Any:
        """What a query prints with --json."""
        return json.loads(self.cli(f"{command} --json").stdout)

    # On the server

    @property
    def root(self) -> str:
        """The app's folder."""
        return f"{APPS}/{self.name}"

    @property
    def current(self) -> str | None:
        """The release that is live: `v2`."""
        target = self.host.run("readlink", f"{self.root}/current", check=False).stdout.strip()
        return target.removeprefix("releases/") or None

    @property
    def settings(self) -> dict[str, Any]:
        """Our settings of the app."""
        return tomllib.loads(self.host.read(f"{self.root}/settings.toml"))

    @property
    def attempts(self) -> int:
        """How many attempts there were."""
        text = self.host.run("cat", f"{self.root}/attempts.jsonl", check=False).stdout
        return len({json.loads(line)["attempt"] for line in text.splitlines()})

    @property
    def url(self) -> str:
        """The app's front."""
        return f"http://127.0.0.1:{self.settings['port']}"

    def get(self, path: str = "/", **request: Any) -> Answer:
        """Ask the app through its front."""
        return http_request(self.host, f"{self.url}{path}", **request)

    def environment(self) -> dict[str, str]:
        """`os.environ` of the app `tiny`."""
        found: dict[str, str] = json.loads(self.get("/env").text)
        return found

    def units(self) -> list[str]:
        """Its units that systemd has loaded: `v2.web.service active`."""
        listed = self.host.run(
            *("systemctl", "list-units", "--all", "--plain", "--no-legend", f"{self.unit}*")
        )
        found = (line.split() for line in listed.stdout.splitlines())
        names = {words[0].removeprefix(self.unit): words[2] for words in found}
        names.pop("front.service", None)  # ends by itself when idle
        return sorted(f"{name} {state}" for name, state in names.items())

    def main_pid(self, process: str = "web") -> str:
        """The pid of the live release's first process of a type."""
        unit = f"{self.unit}{self.current}.{process}.service"
        return self.host.run("systemctl", "show", "--value", "-pMainPID", unit).stdout.strip()

    def releases_on_disk(self) -> list[str]:
        """The folders of releases."""
        return self._listed("releases")

    def refs(self) -> str:
        """What the server's repo holds."""
        repo = f"{self.root}/repo.git"
        return self.host.run("git", "-C", repo, "for-each-ref", user="deploy", check=False).stdout

    def _listed(self, folder: str) -> list[str]:
        listing = self.host.run("ls", "-A", f"{self.root}/{folder}", check=False)
        return sorted(listing.stdout.split(), key=lambda name: (len(name), name))

    def destroy(self) -> None:
        """Delete it from the server, if it is there."""
        if self.host.exists(self.root):
            self.cli(f"apps:destroy --confirm {self.name}")


# What the server said


def said(push: Push) -> list[str]:
    """The lines that the server printed, without `remote: `."""
    lines = (line.rstrip() for line in push.output.splitlines())
    return [line.removeprefix("remote:")[1:] for line in lines if line.startswith("remote:")]


def last_words(push: Push) -> str:
    """The reason and the hint: the last block of lines marked as a problem, as one text."""
    words: list[str] = []
    for line in reversed(said(push)):
        text = line.strip()
        if not text.startswith("!") or text == "!":
            break
        words.insert(0, text.removeprefix("!").strip())
    return " ".join(words)


def assert_refused(push: Push, *words: str) -> None:
    """The push failed, and the last words of the server say why; after them only git speaks."""
    assert push.exit_status != 0, push.output
    reason = last_words(push)
    for word in words:
        assert word in reason, f"{word!r} is not in the last words:\n{push.output}"
    assert "Traceback" not in reason
    after = push.output[push.output.rindex("remote:") :].splitlines()[1:]
    assert all(GIT_SAYS.match(line) for line in after if line.strip()), push.output


def assert_cli_refused(result: Result, status: int, *words: str) -> None:
    """The command ended with this status and said these words on stderr, nothing on stdout."""
    message = re.sub(r"\s*\n !\s+", " ", result.stderr)
    assert result.returncode == status, (result.returncode, result.stdout, result.stderr)
    assert result.stdout == ""
    for word in words:
        assert word in message, f"{word!r} is not in:\n{result.stderr}"


def assert_serving(site: Site, *, version: int, release: str | None = None) -> None:
    """The front answers with this version of `tiny`, of the release that is current."""
    answer = site.get("/")
    wanted = f"v={version} release={release or site.current} "
    assert (answer.status, answer.text[: len(wanted)]) == (200, wanted)
    assert release is None or site.current == release


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a refusal must leave as it is."""

    answer: str
    process: str
    current: str | None
    units: tuple[str, ...]
    users: str


def engines(host: Host) -> list[str]:
    """The units of the engines that run now."""
    states = "--state=active,activating,deactivating"
    listed = host.run(
        *(
            "systemctl",
            "list-units",
            "--plain",
            "--no-legend",
            states,
            "pushdeploy.engine@*.service",
        )
    )
    return [line.split()[0] for line in listed.stdout.splitlines()]


def snapshot(site: Site) -> Snapshot:
    """Take one, when nothing is under way: an engine tidies up after its answer."""
    with suppress(AssertionError):  # it may have been made to wait
        eventually(lambda: engines(site.host), [], CLEANUP_SECONDS)
    return Snapshot(
        _without_pid(site.get("/").text) if site.current else "",
        site.main_pid() if site.current else "",
        site.current,
        tuple(site.units()),
        site.host.run("sh", "-c", "cut -d: -f1 /etc/passwd").stdout,
    )


def assert_unchanged(site: Site, before: Snapshot) -> None:
    """The same process answers, nothing else runs, nobody was added; after a moment to clean up."""
    assert site.current == before.current
    if before.answer:
        assert _without_pid(site.get("/").text) == before.answer
    eventually(site.units, list(before.units))
    assert snapshot(site) == before


def _without_pid(text: str) -> str:
    """An answer of `tiny`, whichever of its workers gave it."""
    return re.sub(r" pid=\d+", "", text)


def eventually(
    look: Callable[[], object], wanted: object, seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait until a look shows what is wanted."""
    end = time.monotonic() + seconds
    found = look()
    while found != wanted and time.monotonic() < end:
        time.sleep(0.2)
        found = look()
    assert found == wanted


def sites(host: Host, laptop: Laptop) -> Iterator[Callable[[], Site]]:
    """Makes sites, and destroys them at the end."""
    made: list[Site] = []

    def make(name: str | None = None) -> Site:
        site = Site.new(host, laptop, name)
        made.append(site)
        return site

    yield make
    for site in made:
        site.destroy()


__all__ = [
    "BLOG",
    "REMOTE",
    "TREES",
    "Site",
    "Snapshot",
    "assert_cli_refused",
    "assert_refused",
    "assert_serving",
    "assert_unchanged",
    "eventually",
    "last_words",
    "said",
    "snapshot",
]
