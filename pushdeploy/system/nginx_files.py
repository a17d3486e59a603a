"""Our files in nginx's folder: one for all apps, and one for each site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model import forwarded
from pushdeploy.system.files import File
from pushdeploy.system.rendering import render

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pushdeploy.model.site import NginxFeatures, Site

OURS = "pushdeploy"
MODE = 0o640
"""Of our files: only root's nginx reads them, and they tell of all apps."""


def site_files(
    folder: Path, features: NginxFeatures, sites: Sequence[Site], left: Sequence[File] = ()
) -> list[File]:
    """Every file of ours in nginx's folder, for these sites, beside others that are there."""
    default = any(site.default for site in sites)
    default = default or any("default_server" in file.content for file in left)
    tls = any(site.secured for site in sites)
    shared = render(
        "nginx/shared.conf.j2", features=features, headers=forwarded, default_app=default, tls=tls
    )
    return [
        File(folder / f"{OURS}.conf", shared, MODE),
        *(
            File(
                folder / f"{OURS}-{site.app}.conf",
                render("nginx/site.conf.j2", site=site, features=features, headers=forwarded),
                MODE,
            )
            for site in sites
        ),
    ]
