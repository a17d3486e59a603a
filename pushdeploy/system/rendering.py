"""Jinja2: our templates and nothing of the app's."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pushdeploy.system.resources import resource

if TYPE_CHECKING:
    import jinja2


@cache
def _environment() -> jinja2.Environment:
    import jinja2  # 50 ms, and not there when the server is uninstalled

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - units and nginx files; values are typed by model/
    )


def render(template: str, **values: object) -> str:
    """The text of a template such as `systemd/web.service.j2`; a missing value is our bug."""
    return _environment().get_template(template).render(**values)


def load(*templates: str) -> None:
    """Compile templates that will soon be rendered, while there is nothing else to do."""
    for template in templates:
        _environment().get_template(template)
