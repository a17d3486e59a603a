"""The server's own units: the engine's socket, the boot, two timers, and what wakes notices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.model.account import OURS
from pushdeploy.model.instance import ALL_MEMORY, CPU_WEIGHT
from pushdeploy.system.backup_timer import BACKUP, BACKUPS
from pushdeploy.system.files import File, write
from pushdeploy.system.rendering import render
from pushdeploy.system.server_users import login_slice
from pushdeploy.system.systemctl import systemctl, unit_state
from pushdeploy.system.systemd import UNITS as RUNTIME_UNITS
from pushdeploy.system.tool import COMMAND, CURRENT

if TYPE_CHECKING:
    from pushdeploy.model.layout import Layout

FOLDER = Path("/etc/systemd/system")

ENGINE = "pushdeploy.engine.socket"
ROOT = "pushdeploy.engine@root.socket"
"""An instance, so that its requests are served by the same units as the engine's."""

BOOT = "pushdeploy.boot.service"
TIMER = "pushdeploy.reconcile.timer"
WATCHDOG = "pushdeploy.watchdog.timer"
NOTICES = "pushdeploy.notices.path"
LISTENERS = (ENGINE, ROOT, TIMER, WATCHDOG, NOTICES)
"""What waits for something, and starts a service when it comes."""

ENABLED = (*LISTENERS, BOOT)
UNITS = (
    *ENABLED,
    "pushdeploy.engine@.service",
    "pushdeploy.reconcile.service",
    "pushdeploy.repair.service",
    "pushdeploy.watchdog.service",
    "pushdeploy.notices.service",
)

APPS = "pushdeploy-*"
"""All units of all apps."""

SLICE = "pushdeploy.slice"
"""The slice of all apps' slices (systemd.slice(5))."""

LOGINS = "50-pushdeploy.conf"

ENGINE_MEMORY = "50%"
ENGINE_TASKS = 256
"""One request to the engine, with the checkout that it has `deploy` do."""

LOGIN_MEMORY = "50%"
LOGIN_TASKS = 1024
"""All logins of `deploy`: a push is six processes."""

FILES = (*UNITS, SLICE)
"""What is written; the slice is neither enabled nor stopped with the others."""

STOP_SECONDS = 180.0
"""An app's grace, and some more for the last of many."""

BOOT_SECONDS = 300.0
"""More than the unit itself may take."""


def ensure_units(layout: Layout) -> bool:
    """Write, enable and start them; a running engine goes on. Returns False when all was so."""
    changed = [unit for unit in FILES if write(File(FOLDER / unit, _text(unit, layout)))]
    logins = _logins()
    if logins is not None:
        logins.parent.mkdir(mode=0o755, exist_ok=True)
        if write(File(logins, _text(logins.name, layout))):
            changed.append(logins.name)
    if changed:
        systemctl("daemon-reload")
    missing = [unit for unit in ENABLED if not _is("enabled", unit)]
    if missing:
        systemctl("enable", "--quiet", *missing)
    renewed = [unit for unit in LISTENERS if unit in changed and _is("active", unit)]
    if renewed:
        systemctl("restart", *renewed)
    idle = [unit for unit in LISTENERS if not _is("active", unit)]
    if idle:
        systemctl("start", *idle)
    return bool(changed or missing or idle)


def open_engine(layout: Layout) -> list[str]:
    """Have an engine that is installed listen where its socket is gone; returns what was done.

    The first can't start without our group, and somebody may have deleted either.
    """
    places = ((ENGINE, layout.engine_socket), (ROOT, layout.root_socket))
    gone = [unit for unit, at in places if (FOLDER / unit).exists() and not at.exists()]
    for unit in gone:
        systemctl("restart", unit)
    return [f"started {unit}" for unit in gone]


def start_apps() -> bool:
    """Start what was live when the server was last used; returns False when that was done.

    Raises:
        CommandFailedError: some app did not start.
    """
    if _is("active", BOOT):
        return False
    systemctl("start", BOOT, seconds=BOOT_SECONDS)
    return True


def stop_apps() -> bool:
    """Stop the apps and what starts them; returns False when nothing ran."""
    ours = [unit for unit in (*UNITS, *BACKUPS) if (FOLDER / unit).exists()]
    plain = [unit for unit in ours if "@." not in unit]
    if plain:
        systemctl(
            "disable",
            "--quiet",
            *(unit for unit in plain if unit in (*ENABLED, BACKUP)),
            check=False,
        )
        systemctl("stop", *plain, "pushdeploy.engine@*.service", seconds=STOP_SECONDS)
    running = _loaded()
    if running:
        # Timers and sockets would start their services again, so they are stopped twice.
        for kinds in (("timer", "service", "socket"), ("service", "slice")):
            systemctl("stop", *(f"{APPS}.{kind}" for kind in kinds), seconds=STOP_SECONDS)
        systemctl("stop", SLICE)
    return bool(plain or running)


def end_logins() -> bool:
    """End the processes of `deploy`'s logins; returns False when there were none."""
    logins = login_slice()
    if logins is None or not _is("active", logins):
        return False
    systemctl("stop", logins)
    return True


def remove_units() -> bool:
    """Delete the files of units, ours and the apps'; returns False when there were none."""
    files = [FOLDER / unit for unit in (*FILES, *BACKUPS) if (FOLDER / unit).exists()]
    logins = _logins()
    if logins is not None and logins.exists():
        logins.unlink()
        logins.parent.rmdir()
    files += RUNTIME_UNITS.glob(APPS)
    for file in files:
        file.unlink()
    if files:
        systemctl("daemon-reload")
        systemctl("reset-failed", "pushdeploy.*", APPS, check=False)
    return bool(files)


def _logins() -> Path | None:
    """What limits the logins of `deploy` (systemd-logind(8)); `None` without such a user."""
    unit = login_slice()
    return None if unit is None else FOLDER / f"{unit}.d" / LOGINS


def _text(unit: str, layout: Layout) -> str:
    return render(
        f"systemd/{unit}.j2",
        socket=layout.engine_socket,
        root_socket=layout.root_socket,
        engine_memory=ENGINE_MEMORY,
        engine_tasks=ENGINE_TASKS,
        login_memory=LOGIN_MEMORY,
        login_tasks=LOGIN_TASKS,
        cpu_weight=CPU_WEIGHT,
        group=OURS,
        programs=CURRENT / "bin",
        repair=CURRENT / "repair",
        command=COMMAND,
        memory=ALL_MEMORY,
        wake=layout.notices.wake,
    )


def _is(wanted: str, unit: str) -> bool:
    return unit_state(unit, wanted) == wanted


def _loaded() -> list[str]:
    listed = systemctl("list-units", "--all", "--plain", "--no-legend", APPS, check=False).stdout
    return [line.split()[0] for line in listed.splitlines() if line]
