"""The timer that makes backups; there only while somebody wants one."""

from __future__ import annotations

from pushdeploy.model.ownership import UNITS
from pushdeploy.system.files import File, write
from pushdeploy.system.rendering import render
from pushdeploy.system.systemctl import systemctl
from pushdeploy.system.tool import COMMAND

BACKUP = "pushdeploy.backup.timer"
BACKUPS = (BACKUP, "pushdeploy.backup.service")

SPREAD_SECONDS = {"hourly": 300, "daily": 3600, "weekly": 3600}
"""Before a backup begins, at most: many servers may have one place for theirs."""


def schedule_backups(when: str) -> None:
    """Have a timer make backups: `daily`, or at a time of each day, `03:30`; empty: none."""
    if not when:
        systemctl("disable", "--now", "--quiet", BACKUP, check=False)
        for unit in BACKUPS:
            (UNITS / unit).unlink(missing_ok=True)
        systemctl("daemon-reload")
        return
    spread = SPREAD_SECONDS.get(when, 0)
    for unit in BACKUPS:
        text = render(f"systemd/{unit}.j2", when=when, spread=spread, command=COMMAND)
        write(File(UNITS / unit, text))
    systemctl("daemon-reload")
    systemctl("enable", "--quiet", BACKUP)
    systemctl("restart", BACKUP)
