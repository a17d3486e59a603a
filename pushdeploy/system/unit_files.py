"""What systemd is told of an app: unit files and transient units, as values.

No text of the app's ever stands in them: only values that were parsed to a type.
"""

from __future__ import annotations

import time
from types import MappingProxyType
from typing import TYPE_CHECKING

from pushdeploy.model.account import FRONT
from pushdeploy.model.app import unit_prefix
from pushdeploy.model.cron_job import by_hand_unit
from pushdeploy.model.instance import (
    CPU_WEIGHT,
    DEFAULT_FILES,
    DEFAULT_MEMORY,
    DEFAULT_TASKS,
    LOG_BURST,
    LOG_INTERVAL_SECONDS,
    RESTART_SECONDS,
    STOP_GRACE_SECONDS,
    bridge_of,
    front_of,
)
from pushdeploy.model.job import PRIVATE_VARIABLE, JobKind
from pushdeploy.model.layout import SERVER
from pushdeploy.model.ports import BRIDGED, as_range
from pushdeploy.system.command import Command
from pushdeploy.system.job_files import BECOME, NOTE, ended_of, private_of, words_of
from pushdeploy.system.rendering import load, render
from pushdeploy.system.systemctl import transient_until_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pushdeploy.model.instance import Instance
    from pushdeploy.model.job import Job

FRONT_USER = FRONT
PROXY_GROUP = FRONT_USER
"""Of the web sockets; nginx's workers are its members, whoever they are."""

TOOL_PYTHON = "/opt/pushdeploy/current/venv/bin/python"
"""Whichever version is installed when a bridge starts."""

PROXY_CONNECTIONS = 4096
"""systemd-socket-proxyd's default of 256 drops connections under load."""

JOB_STOP_SECONDS = 10
"""What a job has started and left behind has so long after a TERM; its app waits meanwhile."""

TOLD = {
    JobKind.EXPORT: "reading of a lock",
    JobKind.FETCH: "fetching of wheels",
    JobKind.BUILD: "build",
    JobKind.KEEP: "keeping of wheels",
    JobKind.STEP: "build step",
    JobKind.COPY: "copying of SQLite files",
    JobKind.BACKUP: "command around a backup",
    JobKind.RELEASE_PHASE: "release command",
    JobKind.RUN: "one-off command",
    JobKind.CRON: "job of the schedule, by hand",
}
"""What `systemctl status` and the journal call a job: by itself systemd would show its words."""


LIMITS: Mapping[str, object] = MappingProxyType(
    {
        "stop_grace": STOP_GRACE_SECONDS,
        "tasks": DEFAULT_TASKS,
        "cpu_weight": CPU_WEIGHT,
        "memory": DEFAULT_MEMORY,
        "bridged": as_range(BRIDGED),
        "log_burst": LOG_BURST,
        "log_interval": LOG_INTERVAL_SECONDS,
    }
)
"""What the templates of all units that run an app's own code are told beside."""


def load_templates() -> None:
    """What every deploy renders."""
    load(*(f"systemd/{name}.j2" for name in ("process.service", "web.socket", "sandbox")))
    load("systemd/front.socket.j2", "systemd/front.service.j2")


def slice_of(app: str) -> str:
    """The slice that holds all of an app's processes."""
    return f"{unit_prefix(app)}.slice"


def job_of(job: Job) -> str:
    """One name a kind and app, so that a second build of the same app can't start."""
    if job.kind is JobKind.CRON:
        return by_hand_unit(job.app, job.name)
    suffix = f".{time.monotonic_ns()}" if job.kind is JobKind.RUN else ""
    return f"{unit_prefix(job.app)}.{job.kind}{suffix}"


def unit_files(instance: Instance) -> Iterator[tuple[str, str]]:
    """The unit files of an instance: name and text."""
    common = {
        "app": instance.app,
        "release": instance.release,
        "slice": slice_of(instance.app),
        "files": DEFAULT_FILES,
    }
    yield f"{instance.unit}.service", _service(instance, common)
    if instance.socket is None:
        return
    bridge = f"{bridge_of(instance.unit)}.service"
    served_by = f"{instance.unit}.service" if instance.port is None else bridge
    yield (
        f"{instance.unit}.socket",
        render(
            "systemd/web.socket.j2",
            **common,
            socket=instance.socket,
            proxy_group=PROXY_GROUP,
            served_by=served_by,
        ),
    )
    if instance.port is not None:
        yield bridge, _bridge(instance, common)


def _service(instance: Instance, common: Mapping[str, object]) -> str:
    """The unit of the app's own process, which has the socket itself unless it has a port."""
    serves = instance.socket is not None and instance.port is None
    return render(
        "systemd/process.service.j2",
        **common,
        name=instance.name,
        script=instance.script,
        user=instance.user,
        code=instance.code,
        home=instance.home,
        shared=instance.shared,
        environment=list(instance.environment),
        restart=RESTART_SECONDS,
        after=" ".join(instance.after),
        port=instance.port,
        **LIMITS,
        requires=f"{instance.unit}.socket" if serves else None,
    )


def _bridge(instance: Instance, common: Mapping[str, object]) -> str:
    """The unit that passes on to the port what comes to the socket."""
    return render(
        "systemd/bridge.service.j2",
        **common,
        port=instance.port,
        user=instance.user,
        python=TOOL_PYTHON,
        kept_in=SERVER.kept_in,
        requires=f"{instance.unit}.socket",
    )


def front_files(
    app: str, port: int, live_socket: Path, addresses: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """The unit files of an app's front, which listens on these addresses: name and text."""
    unit = front_of(app)
    values = {
        "app": app,
        "unit": unit,
        "port": port,
        "addresses": addresses,
        "live_socket": live_socket,
        "slice": slice_of(app),
        "front_user": FRONT_USER,
        "proxy_group": PROXY_GROUP,
        "connections": PROXY_CONNECTIONS,
        "files": DEFAULT_FILES,
    }
    for kind in ("socket", "service"):
        yield f"{unit}.{kind}", render(f"systemd/front.{kind}.j2", **values)


def settings_of(text: str) -> list[str]:
    """The lines of a unit file that set something."""
    return [line for line in text.splitlines() if line and line[0] not in "#["]


def client_sandbox() -> list[str]:
    """What keeps in a process of ours that only asks the engine."""
    return settings_of(render("systemd/client_sandbox.j2"))


def run_command(job: Job, unit: str, *options: str) -> Command:
    """`systemd-run` for a job: fixed text, typed values, the sandbox of every app.

    The job's words are in the unit's file (`job_files`), never here.
    """
    settings = [("HOME", str(job.home)), *job.environment]
    if job.private:
        settings.append((PRIVATE_VARIABLE, str(private_of(unit))))
    asked = [
        "--service-type=exec",
        *options,
        f"--unit={unit}",
        f"--description={job.app}: {TOLD[job.kind]}",
        f"--uid={job.user}",
        f"--gid={job.user}",
        *(f"--property={line}" for line in _properties(job, unit)),
        *(f"--setenv={name}={value}" for name, value in settings),
    ]
    words = [*(word.replace("$", "$$") for word in BECOME), str(words_of(unit))]
    return Command(transient_until_end(asked, words))


def _properties(job: Job, unit: str) -> list[str]:
    """What the unit of a job is told beside its words."""
    return [
        *settings_of(render("systemd/sandbox.j2")),
        f"Slice={slice_of(job.app)}",
        *(f"After={unit}" for unit in job.after),
        f"WorkingDirectory={job.folder}",
        f"RuntimeMaxSec={job.seconds:.0f}",
        f"TasksMax={DEFAULT_TASKS}",
        f"MemoryMax={DEFAULT_MEMORY}",
        f"CPUWeight={CPU_WEIGHT}",
        "OOMPolicy=continue",  # the job itself says what happened
        f"LimitNOFILE={DEFAULT_FILES}",
        f"SocketBindDeny=tcp:{as_range(BRIDGED)}",
        "KillMode=control-group",
        "SendSIGHUP=yes",
        f"TimeoutStopSec={JOB_STOP_SECONDS}",  # for what the job left, and TERM did not end
        "IgnoreSIGPIPE=no",  # a pipe into `head` ends as it does in any shell
        f"ExecStopPost=+{literal(*NOTE, str(ended_of(unit)))}",
        *(f"ReadWritePaths={path}" for path in job.writable),
        *(f"InaccessiblePaths=-{path}" for path in job.hidden),
        *(f"BindReadOnlyPaths={source}:{seen}" for source, seen in job.shown),
        *(f"BindPaths={source}:{seen}" for source, seen in job.bound),
        *(f"SupplementaryGroups={group}" for group in job.groups),
    ]


def literal(*words: str) -> str:
    """Words as a value of `Exec...=`: quoted, and nothing in them expanded (systemd.service(5))."""
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    inside = word.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + inside.replace("$", "$$").replace("%", "%%") + '"'
