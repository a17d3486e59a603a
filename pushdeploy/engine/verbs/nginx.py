"""An app's nginx site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import QUERY_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked
    from pushdeploy.model.settings import AppSettings


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set."""

    value: str
    default: str
    what: str
    """What it limits."""


@dataclass(frozen=True, slots=True)
class Site:
    """The site, and what can be set of it."""

    file: str
    text: str
    """Of the file; empty when it is not there."""
    snippets: str
    """The folder of the app's own directives."""
    settings: dict[str, Setting]


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What is set, by name."""

    values: dict[str, str]


@verb("nginx", Site, right=Right.LOOK, seconds=QUERY_SECONDS)
def nginx(asked: Asked) -> Site:
    """Show it."""
    from pushdeploy.model.site_settings import SETTINGS

    values = asked.records().settings().site.values
    program = asked.machine.proxy
    program.require()
    file = program.folder / f"pushdeploy-{asked.app}.conf"
    return Site(
        file=str(file),
        text=file.read_text() if file.exists() else "",
        snippets=str(program.snippets / asked.app),
        settings={
            name: Setting(values.get(name, one.default), one.default, one.what)
            for name, one in SETTINGS.items()
        },
    )


@verb("nginx.set", SiteSettings, right=Right.PROXY)
def change(asked: Asked, *, name: str, value: str | None = None) -> SiteSettings:
    """Set a `name` to a `value`, or without one to its default."""
    from pushdeploy.proxy.sites import change_site

    def changed(before: AppSettings) -> AppSettings:
        site = before.site
        return before.changed(
            site=site.without(name) if value is None else site.with_value(name, value)
        )

    return SiteSettings(dict(change_site(asked.machine, asked.app, changed).site.values))
