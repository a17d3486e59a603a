"""Unit files: fixed text with typed values, as systemd reads them."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.engine.verbs.run import RUN_SECONDS
from pushdeploy.errors import PushdeployError, UsageError
from pushdeploy.model.app import app_user, parse_app_name
from pushdeploy.model.cron_job import TimedJob
from pushdeploy.model.health import DEFAULT_CHECK
from pushdeploy.model.instance import Instance
from pushdeploy.model.job import Job, JobKind
from pushdeploy.model.layout import SERVER as HOUSE
from pushdeploy.model.procfile import parse_procfile
from pushdeploy.model.release import Binding, Commit, Kind, Release
from pushdeploy.system.command import Command, attempt
from pushdeploy.system.redis import unit_text
from pushdeploy.system.rendering import render
from pushdeploy.system.schedule_files import schedule_files
from pushdeploy.system.server_units import FILES
from pushdeploy.system.systemd import Systemd
from pushdeploy.system.unit_files import (
    FRONT_USER,
    TOLD,
    TOOL_PYTHON,
    job_of,
    run_command,
    unit_files,
)

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path("/var/lib/pushdeploy/apps/my-blog")

WEB = Instance(
    app="my-blog",
    release=12,
    process_type="web",
    index=1,
    script=ROOT / "releases" / "v12" / "start" / "web",
    code=ROOT / "slugs" / "0123456789abcdef01234567",
    home=ROOT / "home",
    shared=ROOT / "shared",
    user="pd-my-blog",
    environment=(("PORT", "8000"), ("WEB_CONCURRENCY", "5"), ("PUSHDEPLOY_INSTANCE", "web.1")),
    socket=Path("/run/pushdeploy/my-blog/v12/web.sock"),
)
BRIDGED = replace(WEB, port=20000, environment=(("PORT", "20000"),))
WORKER = replace(
    WEB, process_type="send-mail", index=2, script=ROOT / "start" / "send-mail", socket=None
)

TIMED = TimedJob(
    app="my-blog",
    name="send-mail",
    calendar=("*-*-01 03:00:00 Europe/Berlin", "Mon *-*-* 03:00:00 Europe/Berlin"),
    catch_up=True,
    replaces=True,
    script=ROOT / "current" / "start" / "cron.send-mail",
    heartbeat=ROOT / "current" / "start" / "heartbeat.send-mail",
    home=ROOT / "home",
    shared=ROOT / "shared",
    user="pd-my-blog",
    runs=ROOT / "cron" / "send-mail",
    lock=ROOT / "cron" / ".send-mail.lock",
)

SERVER = {
    "socket": "/run/pushdeploy/engine.sock",
    "group": "pushdeploy",
    "programs": "/opt/pushdeploy/current/bin",
    "repair": "/opt/pushdeploy/current/repair",
    "command": "/usr/local/bin/pushdeploy",
    "memory": "85%",
    "root_socket": "/run/pushdeploy/root.sock",
    "engine_memory": "50%",
    "engine_tasks": 256,
    "login_memory": "50%",
    "login_tasks": 1024,
    "cpu_weight": 100,
    "wake": "/run/pushdeploy/.notices/wake",
}


def front() -> dict[str, str]:
    """The units of a front."""
    values = {
        "app": "my-blog",
        "unit": "pushdeploy-my_blog.front",
        "port": 8000,
        "addresses": ["127.0.0.1:8000", "[::1]:8000"],
        "live_socket": ROOT / "current" / "run" / "web.sock",
        "slice": "pushdeploy-my_blog.slice",
        "front_user": "pd-front",
        "proxy_group": "www-data",
        "connections": 4096,
        "files": 65536,
    }
    return {
        f"pushdeploy-my_blog.front.{kind}": render(f"systemd/front.{kind}.j2", **values)
        for kind in ("socket", "service")
    }


def every_unit() -> dict[str, str]:
    """One of each template, by the name of its unit."""
    return {
        **dict(unit_files(WEB)),
        **dict(unit_files(replace(BRIDGED, release=13))),
        **dict(unit_files(WORKER)),
        **front(),
        **dict(schedule_files(TIMED)),
        "pushdeploy-my_blog.redis.service": unit_text(HOUSE, "my-blog", "redis", 256),
        **{unit: render(f"systemd/{unit}.j2", **SERVER) for unit in FILES},
    }


@pytest.mark.parametrize("name", sorted(every_unit()))
def test_a_unit_reads_as_it_always_has(name: str) -> None:
    """After a wanted change: `PUSHDEPLOY_GOLDEN=write pytest tests/system/test_systemd.py`."""
    text = every_unit()[name]
    if os.environ.get("PUSHDEPLOY_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_text(text)

    assert text == (GOLDEN / name).read_text()


def test_an_engine_may_take_longer_than_the_longest_command() -> None:
    unit = every_unit()["pushdeploy.engine@.service"]

    found = re.search(r"^RuntimeMaxSec=(\d+)h$", unit, re.MULTILINE)

    assert found
    assert int(found[1]) * 3600 > RUN_SECONDS


def test_every_golden_file_is_of_a_unit() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(every_unit())


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="asks systemd-analyze")
def test_systemd_itself_finds_nothing_to_say(tmp_path: Path) -> None:
    """Its exit status proves nothing, so what it prints is looked at."""
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    placeholders = {str(WEB.script), str(WORKER.script), str(TIMED.script)}
    placeholders |= {f"{SERVER['programs']}/{name}" for name in ("engine", "notices", "watchdog")}
    placeholders |= {SERVER["command"], SERVER["repair"], "/lib/systemd/systemd-socket-proxyd"}
    placeholders |= {TOOL_PYTHON, "/usr/bin/redis-server"}
    units = tmp_path / "units"
    units.mkdir()
    for name, text in every_unit().items():
        for placeholder in placeholders:
            text = text.replace(f"ExecStart={placeholder}", f"ExecStart={program}")  # noqa: PLW2901
        (units / name).write_text(text)
    line = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(units.iterdir()))]

    output = attempt(Command(line, {**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:"}))

    said = [line for line in (output.stdout + output.stderr).splitlines() if "pushdeploy" in line]
    assert said == []


def test_every_service_has_a_sandbox() -> None:
    bare = [name for name, text in every_unit().items() if "NoNewPrivileges=yes" not in text]

    assert [name for name in bare if name.endswith(".service")] == []


COMMIT = Commit("a" * 40, "[Service]\nExecStart=/bin/evil", "Eve\n[Service]")


def rendered(procfile: str) -> str:
    """All units of a release that has this Procfile."""
    parsed = parse_procfile(procfile)
    release = Release(
        app="blog",
        number=1,
        kind=Kind.DEPLOY,
        description=COMMIT.subject,
        who="eve",
        at=0.0,
        commit=COMMIT,
        slug="b" * 24,
        venv="c" * 24,
        python="3.11.2",
        procfile=parsed,
        binding=Binding.SOCKET,
        checks=(DEFAULT_CHECK,),
    )
    texts = []
    for line in release.procfile.lines:
        instance = replace(
            WEB, app="blog", process_type=line.name, script=ROOT / "start" / line.name
        )
        texts += [text for _, text in unit_files(instance)]
    return "\n".join(texts)


HOSTILE = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(HOSTILE)
def test_no_command_of_a_procfile_is_in_a_unit(words: str) -> None:
    mark = "SeCrEtMaRk"
    try:
        text = rendered(f"web: {mark}{words}\nworker: {words}{mark}\n")
    except PushdeployError:
        return

    assert mark not in text


@pytest.mark.parametrize(
    "line",
    [
        "web: x\nwor ker: y",
        "web: x\nworker%n: y",
        "web: x\nwor\nExecStart=/evil: y",
        "web: x\n../../evil: y",
        "web: x\nworker;x: y",
        "web: x\n${x}: y",
        "web: x\nwörker: y",
    ],
)
def test_a_process_type_that_could_say_something_to_systemd_is_no_process_type(line: str) -> None:
    with pytest.raises(PushdeployError):
        rendered(line)


@given(HOSTILE)
def test_an_apps_name_that_could_say_something_to_systemd_is_no_name(name: str) -> None:
    try:
        app = parse_app_name(name)
    except PushdeployError:
        return

    names = [name for name, _ in unit_files(replace(WEB, app=app))]

    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.-") for name in names)
    assert all(name.count("-") == 1 for name in names)


def test_no_app_can_have_the_user_of_the_fronts() -> None:
    with pytest.raises(UsageError):
        parse_app_name(FRONT_USER.removeprefix(app_user("")))


def test_a_job_is_a_sandbox_with_typed_values() -> None:
    job = Job(
        app="my-blog",
        kind=JobKind.BUILD,
        argv=("/bin/sh", "-c", "$(evil) ${X} %n; --property=User=root"),
        user="pb-my-blog",
        groups=("pd-my-blog",),
        folder=ROOT / "cache",
        home=ROOT / "cache",
        writable=(ROOT / "venvs" / "x",),
        hidden=(ROOT / "releases",),
        environment=(("ONE", "1"),),
        seconds=60,
    )

    argv = list(run_command(job, job_of(job), "--pipe").argv)

    options, words = argv[: argv.index("--")], argv[argv.index("--") + 1 :]
    assert words == [
        *("/bin/bash", "--norc", "-c"),
        'mapfile -d "" -t words <"$$1" && exec -- "$${words[@]}"',
        *("job", "/run/pushdeploy/.jobs/pushdeploy-my_blog.build"),
    ]
    assert not any("evil" in word for word in argv)
    assert "--description=my-blog: build" in options
    assert "--unit=pushdeploy-my_blog.build" in options
    assert "--uid=pb-my-blog" in options
    assert "--property=NoNewPrivileges=yes" in options
    assert f"--property=ReadWritePaths={ROOT}/venvs/x" in options
    assert f"--property=InaccessiblePaths=-{ROOT}/releases" in options
    assert "--property=SupplementaryGroups=pd-my-blog" in options
    assert "--property=RuntimeMaxSec=60" in options
    assert "--property=TimeoutStopSec=10" in options
    assert "--setenv=ONE=1" in options


FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >>"$LOG"
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """A systemctl that remembers; returns what it was asked."""
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    for name in ("systemctl", "systemd-run"):
        (programs / name).write_text(FAKE)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(log))
    return lambda: log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Where unit files are written."""
    folder = tmp_path / "units"
    folder.mkdir()
    return folder


def test_new_units_need_no_reload_and_changed_ones_do(
    asked: Callable[[], list[str]], units: Path
) -> None:
    supervisor = Systemd(units)

    supervisor.apply([WEB])
    supervisor.apply([WEB])
    before = asked()
    supervisor.apply([replace(WEB, environment=())])

    assert before == []
    assert asked() == ["systemctl --no-ask-password daemon-reload"]


@pytest.mark.parametrize("instance", [WEB, BRIDGED, WORKER], ids=["web", "bridged", "worker"])
def test_forgetting_leaves_no_unit_file(
    instance: Instance, asked: Callable[[], list[str]], units: Path
) -> None:
    supervisor = Systemd(units)
    supervisor.apply([instance, replace(WORKER, index=22), replace(WEB, release=1)])
    others = {name for name, _ in unit_files(replace(WORKER, index=22))}
    others |= {name for name, _ in unit_files(replace(WEB, release=1))}

    supervisor.forget("my-blog", [instance.unit])

    assert {path.name for path in units.iterdir()} == others


def test_a_service_stops_with_its_socket_in_one_go_and_then_the_bridge(
    asked: Callable[[], list[str]], units: Path
) -> None:
    supervisor = Systemd(units)
    supervisor.apply([BRIDGED])

    supervisor.stop([BRIDGED])

    stops = [line.split()[3:] for line in asked() if " stop " in line]
    assert stops == [
        [
            "pushdeploy-my_blog.v12.web.service",
            "pushdeploy-my_blog.v12.web.socket",
        ],
        ["pushdeploy-my_blog.v12.bridge.service"],
    ]


START = (
    "start --no-block pushdeploy-my_blog.v12.web.socket pushdeploy-my_blog.v12.web.service "
    "pushdeploy-my_blog.v12.send_mail.2.service"
)


def test_sockets_and_services_start_by_one_call(
    asked: Callable[[], list[str]], units: Path, tmp_path: Path
) -> None:
    web = replace(WEB, socket=tmp_path / "web.sock")
    (tmp_path / "web.sock").touch()
    supervisor = Systemd(units)
    supervisor.apply([web, WORKER])

    supervisor.start([web, WORKER])

    assert starts(asked()) == [START]


def test_a_socket_that_does_not_appear_is_asked_why(
    asked: Callable[[], list[str]],
    units: Path,
    tmp_path: Path,
) -> None:
    web = replace(WEB, socket=tmp_path / "web.sock")
    supervisor = Systemd(units, socket_seconds=0.1)
    supervisor.apply([web, WORKER])

    supervisor.start([web, WORKER])

    assert starts(asked()) == [START, "start pushdeploy-my_blog.v12.web.socket"]


def starts(lines: list[str]) -> list[str]:
    """What systemctl was asked to start."""
    return [" ".join(line.split()[2:]) for line in lines if " start " in line]


def test_a_closed_front_leaves_nothing(asked: Callable[[], list[str]], units: Path) -> None:
    supervisor = Systemd(units)
    supervisor.open_front("my-blog", 8000, ROOT / "current" / "run" / "web.sock")
    opened = supervisor.fronts()

    supervisor.close_front("my-blog")

    assert opened == ["my-blog"]
    assert supervisor.fronts() == []
    assert list(units.iterdir()) == []


def test_what_has_a_unit_file_and_is_not_loaded_is_down(
    asked: Callable[[], list[str]], units: Path
) -> None:
    supervisor = Systemd(units)
    supervisor.apply([WEB, WORKER, replace(WEB, app="other")])

    found = supervisor.statuses("my-blog")

    assert [(one.unit, one.state) for one in found] == [
        ("pushdeploy-my_blog.v12.send_mail.2", "down"),
        ("pushdeploy-my_blog.v12.web", "down"),
    ]


def test_every_kind_of_job_has_a_name_for_people() -> None:
    assert set(TOLD) == set(JobKind)
