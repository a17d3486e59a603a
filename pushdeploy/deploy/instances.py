"""Which instances a release has: its Procfile times the app's formation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import UnavailableError
from pushdeploy.model.instance import Instance
from pushdeploy.model.release import Binding, Release
from pushdeploy.system import processes
from pushdeploy.system.locks import held

if TYPE_CHECKING:
    from pathlib import Path

    from pushdeploy.deploy.host import Host
    from pushdeploy.model.layout import AppLayout
    from pushdeploy.model.settings import AppSettings

MEMORY_PER_WORKER = 512 << 20
"""Bytes of RAM per gunicorn worker: a deploy holds two releases."""

PORTS = range(20_000, 30_000)
"""Loopback ports for web processes that can't take a socket; below the kernel's own range."""


def web_concurrency() -> int:
    """How many workers a web process gets by itself."""
    by_cores = 2 * processes.cores() + 1
    return max(1, min(by_cores, processes.total_memory() // MEMORY_PER_WORKER))


def web(host: Host, release: Release, settings: AppSettings) -> Instance:
    """The one web instance of a release."""
    place = host.layout.app(release.app)
    bridged = release.binding is Binding.PORT
    port = _bridge_port(place, release) if bridged else None
    workers = settings.formation.web_workers or web_concurrency()
    environment = (
        ("PORT", str(port or settings.port)),
        ("WEB_CONCURRENCY", str(workers)),
        ("PUSHDEPLOY_INSTANCE", "web.1"),
    )
    return _instance(host, place, release, "web", 1, environment, port)


def workers(host: Host, release: Release, settings: AppSettings) -> list[Instance]:
    """All instances of a release but web."""
    place = host.layout.app(release.app)
    return [
        _instance(
            host,
            place,
            release,
            line.name,
            index,
            (("PORT", str(settings.port)), ("PUSHDEPLOY_INSTANCE", f"{line.name}.{index}")),
            None,
        )
        for line in release.procfile.workers
        for index in range(1, settings.formation.instances(line.name) + 1)
    ]


def _instance(
    host: Host,
    place: AppLayout,
    release: Release,
    process_type: str,
    index: int,
    environment: tuple[tuple[str, str], ...],
    port: int | None,
) -> Instance:
    return Instance(
        app=release.app,
        release=release.number,
        process_type=process_type,
        index=index,
        script=place.release(release.number).start(process_type),
        code=place.slugs / release.slug,
        home=place.home,
        shared=place.shared,
        user=host.accounts.app_user(release.app),
        environment=environment,
        socket=place.web_socket(release.number) if process_type == "web" else None,
        port=port,
    )


def _bridge_port(place: AppLayout, release: Release) -> int:
    """The port that this release has since its sockets' folder was made, else a free one."""
    note = place.run / f"v{release.number}.port"
    known = _noted(note)
    if known is not None:
        return known
    place.run.mkdir(parents=True, exist_ok=True)
    run = place.run.parent
    with held(run / "ports.lock", who="pushdeploy", what="choosing a port"):
        known = _noted(note)  # somebody may have chosen it while we waited
        if known is not None:
            return known
        taken = {_noted(other) for other in run.glob("*/v*.port")}
        port = processes.free_port(port for port in PORTS if port not in taken)
        if port is None:
            raise UnavailableError(
                f"no port between {PORTS.start} and {PORTS.stop} is free", hint="ss -ltnp"
            )
        note.write_text(str(port))
        return port


def _noted(note: Path) -> int | None:
    """The port, unless the note is not there, or was never finished; prune may delete it now."""
    try:
        return int(note.read_text())
    except (OSError, ValueError):
        return None
