"""Which release this process is, as the deploy told it."""

import os
from typing import NamedTuple


class Release(NamedTuple):
    """A release's name, such as `v12`, and the commit that it was made from."""

    name: str
    commit: str


def current() -> Release:
    """The release of this process, or `local` and `unknown` when nothing deployed it."""
    return Release(
        name=os.environ.get("PUSHDEPLOY_RELEASE") or "local",
        commit=os.environ.get("GIT_REV") or "unknown",
    )
