"""Storage: folders of `shared/` that survive deploys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.system import command
from pushdeploy.system.command import Command
from pushdeploy.system.failpoints import Point, reached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.machine.machine import Machine


def make_storage(machine: Machine, app: str, folders: Sequence[str]) -> None:
    """Make the folders in `shared/`, as the app itself: root writes nothing where an app may.

    Raises:
        RefusedInputError: something else has the name there.
    """
    place = machine.layout.app(app)
    missing = [place.shared / folder for folder in folders if not (place.shared / folder).is_dir()]
    if missing:
        made = command.attempt(
            Command(
                ["mkdir", "--parents", "--mode=0750", *map(str, missing)],
                user=machine.accounts.run_as(app),
            )
        )
        if made.status != 0:
            raise RefusedInputError(
                f"storage can't be created: {made.stderr.strip().splitlines()[-1]}",
                hint=f"sudo ls -la {place.shared}",
            )
    reached(Point.STORAGE_MADE)
