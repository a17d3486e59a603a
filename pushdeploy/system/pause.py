"""An app's processes stand still for a moment: its slice is frozen (systemctl(1), cgroups(7)).

systemd itself lets them go on, when that time is over or the unit of the pause is stopped: whoever
asked for it may have been killed.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pushdeploy.model.app import unit_prefix
from pushdeploy.system import command
from pushdeploy.system.command import Command
from pushdeploy.system.systemctl import PROGRAM, systemctl, transient, unit_state
from pushdeploy.system.unit_files import slice_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SLICE = "pushdeploy.slice"
"""Not the app's own: what ends the pause must not stand still."""

START_SECONDS = 30.0


@contextmanager
def paused(app: str, seconds: float) -> Iterator[bool]:
    """Have nothing of the app run while the block does, and no longer than these seconds.

    Yields whether it is so. New connections wait meanwhile in its sockets.
    """
    slice_, unit = slice_of(app), f"{unit_prefix(app)}.pause.service"
    if unit_state(slice_) != "active":  # nothing of it runs
        yield True
        return
    options = [
        *("--collect", "--service-type=exec", f"--unit={unit}", f"--slice={SLICE}"),
        f"--description=pushdeploy: {app} stands still while its files are copied",
        f"--property=TimeoutStartSec={seconds:.0f}",
        f"--property=ExecStartPre={PROGRAM} freeze {slice_}",
        f"--property=ExecStopPost={PROGRAM} thaw {slice_}",
    ]
    line = transient(options, ["/bin/sleep", f"{seconds:.0f}"])
    try:
        yield command.attempt(Command(line), seconds=START_SECONDS).status == 0
    finally:
        systemctl("stop", unit, check=False, seconds=START_SECONDS)
