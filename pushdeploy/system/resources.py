"""Where the files beside the package lie: hooks and templates."""

from __future__ import annotations

import os
from pathlib import Path


def resource(name: str) -> Path:
    """The folder `hooks` or `templates`.

    Beside the package in a checkout, in it when installed. The hooks of an installation have their
    interpreter written into them and lie in a folder of their own, which `PUSHDEPLOY_HOOKS` names.
    """
    if name == "hooks" and os.environ.get("PUSHDEPLOY_HOOKS"):
        return Path(os.environ["PUSHDEPLOY_HOOKS"])
    package = Path(__file__).resolve().parent.parent
    installed = package / "_share" / name
    return installed if installed.is_dir() else package.parent / name
