"""Embedded mode's one user: whoever runs us owns everything and does everything."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

from pushdeploy.system.files import make_folder
from pushdeploy.system.owned_tree import Owner
from pushdeploy.system.ownership import Findings
from pushdeploy.system.seal import seal
from pushdeploy.system.short_folder import make_own_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pushdeploy.model.layout import Layout


class OwnAccounts:
    """One person, no users of ours."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def ensure_server(self, *, deep: bool = False) -> Findings:
        """All of it belongs to apps."""
        return Findings()

    def ensure(self, app: str, *, deep: bool = False) -> Findings:
        """Make the app's folders; nobody else may look into them."""
        place = self._layout.app(app)
        self._layout.apps.mkdir(parents=True, exist_ok=True)
        for folder in (
            *(self._layout.state, self._layout.settings, self._layout.apps, self._layout.log),
            *(place.root, place.repo, place.slugs, place.venvs, place.build_cache),
            *(place.home, place.shared, place.releases, place.log),
        ):
            make_folder(folder, mode=0o700)
        make_own_folder(self._layout.run)
        make_own_folder(place.run)
        return Findings()

    def refuse_foreign(self, app: str) -> None:
        """There are no users of ours."""

    def remove(self, app: str) -> None:
        """There are no users of ours."""

    def app_group(self, app: str) -> int | None:
        """No group."""
        return None

    def app_user(self, app: str) -> str:
        """The person."""
        return _name()

    def user_id(self, app: str) -> int | None:
        """Our own."""
        return os.getuid()

    def own_users(self, app: str) -> set[int]:
        """No user is one app's alone."""
        return set()

    def build_user(self, app: str) -> str:
        """The person."""
        return _name()

    def run_as(self, app: str) -> str | None:
        """Ourselves."""
        return None

    def git_user(self) -> str | None:
        """Ourselves."""
        return None

    def own_work(self, app: str, folders: Sequence[Path]) -> None:
        """Folders of our own."""
        for folder in folders:
            make_folder(folder, mode=0o700)

    def own_venv(self, app: str, folder: Path) -> None:
        """An empty folder of our own."""
        make_folder(folder, mode=0o700)

    def seal(self, app: str, folder: Path) -> None:
        """What no slug can have is refused all the same."""
        seal(folder, Owner(os.getuid(), os.getgid()))

    def venv_owner(self, app: str) -> Owner | None:
        """Whoever could write a file that is linked is the one who builds and runs: so no links."""
        return None

    def seal_venvs(self, app: str) -> None:
        """There is nobody else."""


def _name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
