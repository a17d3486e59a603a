"""Jinja2: our templates and nothing of the app's."""

from __future__ import annotations

from functools import cache

import jinja2

from pushdeploy.system.share import share


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(share("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - units and nginx files; values are typed by model/
    )


def render(template: str, **values: object) -> str:
    """The text of a template such as `systemd/web.service.j2`; a missing value is our bug."""
    return _environment().get_template(template).render(**values)
