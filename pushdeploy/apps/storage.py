"""Storage: folders of `shared/` that survive deploys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.files import make_inside
from pushdeploy.system.users import find_user

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pushdeploy.machine.machine import Machine

MODE = 0o750


def make_storage(machine: Machine, app: str, folders: Sequence[str]) -> None:
    """Make the folders in `shared/`, which the app may write: no link in it is followed.

    Raises:
        RefusedInputError: something else has the name there, such as a link.
    """
    place = machine.layout.app(app)
    name = machine.accounts.run_as(app)
    user = None if name is None else find_user(name)
    owner = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid}
    for folder in folders:
        if (place.shared / folder).is_dir():
            continue
        try:
            make_inside(place.shared, folder, mode=MODE, **owner)
        except OSError as error:
            raise RefusedInputError(
                f"storage can't be created: `shared/{folder}`: {error.strerror}",
                hint=f"sudo ls -la {place.shared}",
            ) from error
    reached(Point.STORAGE_MADE)
