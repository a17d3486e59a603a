"""A machine without systemd, git and uv: it remembers what was asked, and its web answers."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pushdeploy.apps.first_push import sweep_first_pushes
from pushdeploy.errors import CommandFailedError, NotFoundError
from pushdeploy.model.build_step import NOTHING, BuildFiles
from pushdeploy.model.instance import Instance, State, Status, parse_unit
from pushdeploy.model.job import Fed, Job, JobKind
from pushdeploy.model.log_line import Keeping, Kept
from pushdeploy.model.release import Commit
from pushdeploy.model.repo_settings import APP_JSON, NOTHING_SAID, RepoSettings
from pushdeploy.model.requirements import names as package_names
from pushdeploy.model.tree import Tree, parse_tree, render_tree
from tests.deploy.servers import FrontServer, WebServer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from pushdeploy.model.log_line import LogLine
    from pushdeploy.model.python_version import PythonVersion
    from pushdeploy.system.processes import Usage

Answer = tuple[int, str]

ANSWERS = {"collect": '{"before": 2048, "after": 1024}', "look": "{}", "open_folders": "{}"}
"""What the checkout worker always says."""

SAYS = {JobKind.FETCH: ["Installed 1 package in 1ms"]}


def _build_of(kind: JobKind) -> JobKind:
    """A build that fails has failed from wheels alone before."""
    return JobKind.BUILD if kind is JobKind.FETCH else kind


class Killed(BaseException):
    """The engine dies here, as if by SIGKILL: nothing that is ours runs after it."""


@dataclass
class Unit:
    """One instance that the supervisor knows."""

    instance: Instance
    state: State = State.DOWN
    restarts: int = 0
    since: float | None = None
    slowed: bool = False
    server: WebServer | None = None


def _make_venv(job: Job) -> None:
    """What uv would make with the interpreter that the job names, as far as we look at it."""
    venv = job.writable[0]
    if (venv / ".seed").is_dir():
        shutil.rmtree(venv / ".seed")
        (venv / ".complete").write_text("")
        return
    if job.argv[-1].startswith("{"):  # what py-rattler is told
        _link_environment(venv)
        return
    named = [word for word in job.argv if word.startswith("--python=") and venv.name not in word]
    if not named:
        (venv / ".complete").write_text("")
        return
    python = Path(named[0].removeprefix("--python="))
    (venv / "bin").mkdir(exist_ok=True)
    if not (venv / "bin" / "python").is_symlink():
        (venv / "bin" / "python").symlink_to(python)
    (venv / "lib" / python.name / "site-packages").mkdir(parents=True, exist_ok=True)
    (venv / "lib64").symlink_to("lib")
    (venv / "pyvenv.cfg").write_text("")
    (venv / ".complete").write_text("")


def _link_environment(venv: Path) -> None:
    """What py-rattler would link of conda's Python, as far as we look at it."""
    for folder in ("conda-meta", "bin", "lib/python3.13/site-packages"):
        (venv / folder).mkdir(parents=True)
    (venv / "conda-meta" / "python-3.13.1-h9_0_cp313.json").write_text("{}")
    (venv / "bin" / "python").symlink_to("python3.13")
    (venv / "bin" / "python3.13").write_text("")


@dataclass
class FakeSupervisor:
    """Runs web instances as threads with real sockets, and workers in name only."""

    calls: list[tuple[str, ...]] = field(default_factory=list)
    crashing: set[str] = field(default_factory=set)
    """Units and process types that end as soon as they start."""
    answers: dict[int, Answer] = field(default_factory=dict)
    """By release; else what `answer_by` says."""
    answer_by: Callable[[int], Answer] = lambda release: (200, f"v{release}")
    printed: dict[str, list[str]] = field(default_factory=dict)
    """Last output by process type."""
    kept: Keeping = field(default_factory=lambda: Keeping(Kept.LASTING))
    statuses_of_jobs: dict[JobKind, int] = field(default_factory=dict)
    attached: list[Job] = field(default_factory=list)
    """Those that were connected to somebody's descriptors."""
    status_of_runs: int = 0
    can_pause: bool = True
    status_of_growth: int = 0
    """Of builds that begin with another venv's files."""
    output_of_jobs: dict[JobKind, list[str]] = field(default_factory=dict)
    during: dict[JobKind, Callable[[], None]] = field(default_factory=dict)
    """What happens elsewhere while a job runs."""
    on_call: Callable[[str], None] = lambda _: None
    jobs: list[Job] = field(default_factory=list)
    pids: dict[str, int] = field(default_factory=dict)
    """By unit; nobody looks for a process of that number."""
    units: dict[str, Unit] = field(default_factory=dict)
    front_servers: dict[str, tuple[int, FrontServer]] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)
    """Worker types of which two releases ran at once."""

    def apply(self, instances: Sequence[Instance]) -> None:
        """Know them."""
        self._note("apply", *(one.unit for one in instances))
        for one in instances:
            known = self.units.get(one.unit)
            if known is None:
                self.units[one.unit] = Unit(one)
            else:
                known.instance = one

    def listen(self, instances: Sequence[Instance]) -> None:
        """They listen when they start."""

    def start(self, instances: Sequence[Instance]) -> None:
        """Start what does not run."""
        self._note("start", *(one.unit for one in instances))
        for one in instances:
            unit = self.units[one.unit]
            if unit.state is not State.UP:
                self._start(unit)

    def stop(self, instances: Sequence[Instance]) -> None:
        """Stop them, and know them still."""
        self._note("stop", *(one.unit for one in instances))
        for one in instances:
            if one.unit in self.units:
                self._stop(self.units[one.unit])

    def forget(self, app: str, units: Sequence[str]) -> None:
        """Stop them and know them no more."""
        self._note("forget", *units)
        for unit in units:
            known = self.units.pop(unit, None)
            if known is not None:
                self._stop(known)

    def set_pause(self, unit: str, seconds: int) -> None:
        """Remember it."""
        self._note("set_pause", unit, f"{seconds}")
        self.units[unit].slowed = seconds > 1

    def statuses(self, app: str) -> list[Status]:
        """Every instance that is known."""
        found = []
        for name, unit in sorted(self.units.items()):
            parsed = parse_unit(name)
            if parsed is not None and parsed.app == app:
                found.append(
                    Status(
                        unit=name,
                        release=parsed.release,
                        process_type=parsed.process_type,
                        index=parsed.index,
                        state=unit.state,
                        restarts=unit.restarts,
                        since=unit.since,
                        slowed=unit.slowed,
                        pid=self.pids.get(name),
                    )
                )
        return found

    def tail(self, instance: Instance, lines: int) -> list[str]:
        """What the test said that it printed."""
        return self.printed.get(instance.process_type, [])[-lines:]

    def logs(
        self, app: str, *, names: Collection[str], lines: int, follow: bool
    ) -> Iterator[LogLine | None]:
        """Nothing."""
        return iter(())

    def keeping(self) -> Keeping:
        """What the test said."""
        return self.kept

    def can_bind(self) -> bool:
        """As in embedded mode."""
        return False

    def once(self, job: Job, on_line: Callable[[str], None], fed: Fed | None = None) -> int:
        """Pretend to run the job."""
        self._note("once", job.kind)
        self.jobs.append(job)
        for line in self.output_of_jobs.get(job.kind, SAYS.get(job.kind, [f"{job.kind} runs"])):
            on_line(line)
        self.during.get(job.kind, lambda: None)()
        status = self.statuses_of_jobs.get(
            job.kind, self.statuses_of_jobs.get(_build_of(job.kind), 0)
        )
        if fed is not None:
            fed(lambda: None)
            status = status or self.status_of_growth
        if job.kind in (JobKind.FETCH, JobKind.BUILD) and status == 0:
            _make_venv(job)
        return status

    def run(
        self,
        job: Job,
        descriptors: tuple[int, int, int],
        *,
        terminal: bool,
        left: Callable[[], bool],
    ) -> int:
        """Pretend to run the job."""
        self._note("run", *job.argv)
        self.attached.append(job)
        return self.status_of_runs

    @contextmanager
    def paused(self, app: str, seconds: float) -> Iterator[bool]:
        """Remember that it was asked."""
        self._note("paused", app)
        yield self.can_pause

    def stop_jobs(self, app: str) -> None:
        """Remember that it was asked."""
        self._note("stop_jobs", app)

    def open_front(self, app: str, port: int, live_socket: Path) -> None:
        """Serve the port."""
        self._note("open_front", app)
        held = self.front_servers.get(app)
        if held is not None and held[0] == port:
            return
        try:
            server = FrontServer(port, live_socket)
        except OSError as error:
            raise CommandFailedError(f"the front can't listen: {error}", status=1) from error
        self.front_servers[app] = (port, server)

    def close_front(self, app: str) -> None:
        """Free the port."""
        self._note("close_front", app)
        held = self.front_servers.pop(app, None)
        if held is not None:
            held[1].stop()

    def end_all(self, app: str) -> None:
        """Remember that it was asked."""
        self._note("end_all", app)

    def fronts(self) -> list[str]:
        """Apps with a front."""
        return sorted(self.front_servers)

    def up(self, app: str) -> list[str]:
        """What runs, as people say it: `v2 web.1`."""
        return [f"v{one.release} {one.name}" for one in self.statuses(app) if one.state is State.UP]

    def reboot(self) -> None:
        """The machine loses everything that runs, and every unit."""
        for app in list(self.front_servers):
            self.front_servers.pop(app)[1].stop()
        for unit in self.units.values():
            self._stop(unit)
        self.units.clear()
        self.calls.clear()

    def close(self) -> None:
        """End all threads."""
        self.on_call = lambda _: None
        self.reboot()

    def _note(self, *call: str) -> None:
        self.on_call(call[0])
        self.calls.append(call)

    def _start(self, unit: Unit) -> None:
        one = unit.instance
        if one.unit in self.crashing or one.process_type in self.crashing:
            unit.state, unit.restarts = State.CRASHED, 9
            return
        unit.state = State.UP
        if one.socket is not None:
            unit.server = WebServer(one.socket, lambda _: self._answer(one.release))
        elif any(
            other.state is State.UP
            and other.instance.process_type == one.process_type
            and other.instance.release != one.release
            for other in self.units.values()
        ):
            self.twice.add(one.process_type)

    def _answer(self, release: int) -> Answer:
        return self.answers[release] if release in self.answers else self.answer_by(release)

    def _stop(self, unit: Unit) -> None:
        if unit.server is not None:
            unit.server.stop()
        unit.server, unit.state, unit.restarts = None, State.DOWN, 0


@dataclass
class FakeResources:
    """As much of everything as a test says; at first plenty."""

    available: list[int] = field(default_factory=list)
    """What each look at the memory finds; the last for ever."""
    total: int = 8 << 30
    processors: int = 2
    disk: int = 100 << 30
    used: dict[int, Usage] = field(default_factory=dict)
    """By process, with its children and their children."""
    used_alone: dict[int, Usage] = field(default_factory=dict)
    """By process, with its children only."""
    asked: list[int] = field(default_factory=list)
    """Processes whose use was looked at."""

    def available_memory(self) -> int:
        """The next of what the test said."""
        if len(self.available) > 1:
            return self.available.pop(0)
        return self.available[0] if self.available else self.total

    def total_memory(self) -> int:
        """What the test said."""
        return self.total

    def cores(self) -> int:
        """What the test said."""
        return self.processors

    def usage(self, pid: int, *, grandchildren: bool = True) -> Usage | None:
        """What the test said."""
        self.asked.append(pid)
        return (self.used if grandchildren else self.used_alone).get(pid)

    def server_workers(self, pid: int) -> int | None:
        """Nothing here is a server with workers."""
        return None

    def free_disk(self, folder: Path) -> int:
        """What the test said."""
        return self.disk

    def booted(self) -> float:
        """Long ago."""
        return 0.0


@dataclass
class FakePythons:
    """Makes a folder for what is fetched, or has no network."""

    fetched: list[str] = field(default_factory=list)
    refusal: Exception | None = None

    def fetch(self, uv_program: Path, version: PythonVersion, folder: Path) -> Path:
        """A folder as uv names it."""
        self.fetched.append(str(version))
        if self.refusal is not None:
            raise self.refusal
        made = folder / f"cpython-{version}-linux-x86_64-gnu"
        (made / "bin").mkdir(parents=True)
        (made / ".complete").touch()
        return made


@dataclass
class FakeTimers:
    """Remembers what is to run, and runs none of it."""

    due: dict[str, float] = field(default_factory=dict)
    """Seconds by app; the newest counts."""
    backups: str = ""
    on_call: Callable[[str], None] = lambda _: None

    def wake(self, app: str, seconds: float) -> None:
        """Remember it."""
        self.on_call("wake")
        self.due[app] = seconds

    def back_up(self, when: str) -> None:
        """Remember it."""
        self.on_call("back_up")
        self.backups = when


WEB = "web: gunicorn app:app\n"


@dataclass
class FakeCheckoutWorker:
    """A repo of texts: a commit is its Procfile and what goes with it."""

    trees: dict[str, Tree] = field(default_factory=dict)
    refusals: dict[str, Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    on_ask: Callable[[str], None] = lambda _: None
    compiled: dict[str, Any] = field(default_factory=dict)
    """What of a tree is another after `bin/pre_compile`."""

    def commit(
        self,
        name: str,
        procfile: str = WEB,
        *,
        requirements: str = "gunicorn\n",
        app_json: str = "",
        storage: tuple[str, ...] = (),
        build: BuildFiles = NOTHING,
        settings: RepoSettings = NOTHING_SAID,
    ) -> str:
        """Make a commit; returns its id."""
        identity = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
        self.trees[identity] = Tree(
            commit=Commit(identity, f"Subject of {name}", "Ada"),
            slug="",
            tree=identity,
            reused=False,
            procfile=procfile,
            app_json=app_json,
            python_version="",
            requirements={"requirements.txt": requirements},
            local=False,
            storage=storage,
            packages=tuple(sorted(package_names(requirements))),
            build=build,
            settings=replace(settings, file=settings.file or APP_JSON, storage=storage)
            if storage
            else settings,
        )
        return identity

    def prepare(self) -> None:
        """There is nothing to prepare."""

    def ask(self, verb: str, **request: Any) -> str:
        """Answer as the real one does."""
        self.on_ask(verb)
        self.asked.append(verb)
        if verb == "sweep_first_pushes":
            return json.dumps(sweep_first_pushes(Path(request["folder"])))
        if verb in ANSWERS:
            return ANSWERS[verb]
        repo = Path(request.get("repo", ""))
        if verb == "make_repo":
            (repo / "refs" / "heads").mkdir(parents=True, exist_ok=True)
            (repo / "objects").mkdir(exist_ok=True)
            (repo / "HEAD").write_text(f"ref: refs/heads/{request['branch']}\n")
            return "{}"
        if verb == "keep_branch":
            for ref in (repo / "refs" / "heads").iterdir():
                if ref.name != request["branch"]:
                    ref.unlink()
            return "{}"
        if verb == "resolve":
            ref = repo / request["revision"]
            return json.dumps({"commit": ref.read_text().strip() if ref.exists() else None})
        return self._look_again(request) if verb == "look_again" else self._check_out(request)

    def _look_again(self, request: dict[str, Any]) -> str:
        return render_tree(replace(parse_tree(request["tree"]), **self.compiled))

    def _check_out(self, request: dict[str, Any]) -> str:
        revision = request["revision"]
        if revision in self.refusals:
            raise self.refusals[revision]
        if revision not in self.trees:
            raise NotFoundError(f"`{revision}` is not a commit", hint="git push")
        tree = self.trees[revision]
        storage = tuple(sorted({*tree.storage, *request["storage"]}))
        slug = hashlib.sha256(repr((tree.tree, storage)).encode()).hexdigest()[:24]
        folder = Path(request["slugs"]) / slug
        reused = folder.is_dir()
        folder.mkdir(exist_ok=True)
        for link in storage:
            (folder / link).unlink(missing_ok=True)
            (folder / link).parent.mkdir(parents=True, exist_ok=True)
            (folder / link).symlink_to(folder.parents[1] / "shared" / link)
        return render_tree(replace(tree, slug=slug, reused=reused, storage=storage))
