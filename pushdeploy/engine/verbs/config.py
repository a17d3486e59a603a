"""An app's config vars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import ATTEMPT_SECONDS, QUERY_SECONDS
from pushdeploy.engine.registry import verb
from pushdeploy.model.ended import Ended
from pushdeploy.model.explained import Explained
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked


@dataclass(frozen=True, slots=True)
class Config:
    """All config vars: secrets are among them."""

    values: dict[str, str]


@verb("config", Config, right=Right.CONFIGURE, seconds=QUERY_SECONDS)
def config(asked: Asked) -> Config:
    """Tell all config vars."""
    return Config(dict(asked.records().environment().values))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every setting, and where it comes from."""

    release: str | None
    """The live one, `v12`, whose file was read."""
    settings: tuple[Explained, ...]


@verb("config.explain", Explanation, right=Right.LOOK, seconds=QUERY_SECONDS)
def explain(asked: Asked) -> Explanation:
    """Tell what holds, and whether a command, the repo's file or nobody has said so."""
    from pushdeploy.model.explained import explain as explained
    from pushdeploy.model.repo_settings import RepoSettings

    records = asked.records()
    live = records.current()
    repo = live.settings if live else RepoSettings()
    types = [line.name for line in live.procfile.lines] if live else ["web"]
    found = explained(records.settings(), repo, types)
    return Explanation(live.name if live else None, found)


@verb("config.set", Ended, right=Right.CONFIGURE, log=True, seconds=ATTEMPT_SECONDS)
def change(asked: Asked, *, values: dict[str, str]) -> Ended:
    """Set `values`, by name."""
    from pushdeploy.deploy.change_release import Change, change_release
    from pushdeploy.model.release import Kind

    text = f"Set {', '.join(values)} config vars"
    wanted = Change(Kind.CONFIG, text, environment=lambda before: before.set(values))
    return change_release(asked.machine, asked.app, asked.session, change=wanted, who=asked.who)


@verb("config.unset", Ended, right=Right.CONFIGURE, log=True, seconds=ATTEMPT_SECONDS)
def unset(asked: Asked, *, names: tuple[str, ...]) -> Ended:
    """Unset the `names`."""
    from pushdeploy.deploy.change_release import Change, change_release
    from pushdeploy.model.release import Kind

    text = f"Unset {', '.join(names)} config vars"
    wanted = Change(Kind.CONFIG, text, environment=lambda before: before.unset(names))
    return change_release(asked.machine, asked.app, asked.session, change=wanted, who=asked.who)
