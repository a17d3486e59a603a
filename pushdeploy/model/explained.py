"""What holds for an app, and where each value comes from: a command, the repo, or nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.repo_settings import RepoSettings, scaled
from pushdeploy.model.static_mount import mounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pushdeploy.model.settings import AppSettings

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Explained:
    """One value."""

    setting: str
    """Its key in the file: `domains`."""
    value: str
    """Empty for nothing."""
    source: str
    """The command that set it (`domains:add`), the file that says it, or `default`."""


def explain(
    settings: AppSettings, repo: RepoSettings, types: Iterable[str]
) -> tuple[Explained, ...]:
    """Every setting that the file can have, by its key.

    Args:
        settings: the app's, which commands have set.
        repo: what the live release's repo says.
        types: the process types of its Procfile.
    """
    return (
        *_each("build", (), repo.build, repo.file, ""),
        *_each("domains", settings.domains, repo.domains, repo.file, "domains:add"),
        *_each("groups", (), repo.groups, repo.file, ""),
        *_root(settings, repo),
        *_scale(settings, repo, types),
        *_static(settings, repo),
        *_each("storage", settings.storage, repo.storage, repo.file, "storage:add"),
        *_each("web", (), [repo.web] if repo.web else [], repo.file, ""),
    )


def _each(
    key: str,
    chosen: Iterable[str],
    declared: Iterable[str],
    file: str,
    command: str,
) -> Iterator[Explained]:
    """A row a value; one that both have is the file's, which would bring it back."""
    sources = dict.fromkeys(chosen, command) | dict.fromkeys(declared, file)
    yield from (Explained(key, value, source) for value, source in sources.items())
    if not sources:
        yield Explained(key, "", DEFAULT)


def _root(settings: AppSettings, repo: RepoSettings) -> Iterator[Explained]:
    if settings.root:
        yield Explained("root", settings.root, "apps:set")
    else:
        yield Explained("root", repo.root or ".", repo.file if repo.root else DEFAULT)


def _scale(settings: AppSettings, repo: RepoSettings, types: Iterable[str]) -> Iterator[Explained]:
    formation = scaled(settings.formation, repo.scale)
    for name in types:
        if name == "release":
            continue
        quantity = formation.web_workers if name == "web" else formation.instances(name)
        value = f"{name}={'auto' if quantity is None else quantity}"
        if name in settings.formation.quantities:
            yield Explained("scale", value, "ps:scale")
        else:
            yield Explained("scale", value, repo.file if name in dict(repo.scale) else DEFAULT)


def _static(settings: AppSettings, repo: RepoSettings) -> Iterator[Explained]:
    added = {mount.url for mount in settings.static}
    for mount in mounts((*settings.static, *repo.static)):
        value = f"{mount.url} {mount.folder}"
        if mount in repo.static:
            yield Explained("static", value, repo.file)
        else:
            yield Explained("static", value, "static:add" if mount.url in added else DEFAULT)
