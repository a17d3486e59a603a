"""Declared: what a repo says for itself is made so, where a person would type a command."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from pushdeploy.errors import PushdeployError, RefusedInputError
from pushdeploy.events import ConfigVarsMade, Report, SettingsApplied, Warned
from pushdeploy.model.appjson import parse_app_json
from pushdeploy.model.formation import AUTOMATIC
from pushdeploy.model.repo_settings import scaled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.environment import Environment
    from pushdeploy.model.release import Release
    from pushdeploy.model.repo_settings import RepoSettings
    from pushdeploy.model.settings import AppSettings
    from pushdeploy.model.tree import Tree
    from pushdeploy.records.app_records import AppRecords

SECRET_BYTES = 32
"""As many as Heroku's, in hexadecimal."""


def environment_for(records: AppRecords, tree: Tree, report: Report) -> Environment:
    """The config vars of the next release; the first one gets those of app.json's `env` too.

    Raises:
        RefusedInputError: one must be set by a person, and is not.
    """
    environment = records.environment()
    if records.live() is not None:
        return environment
    declared = parse_app_json(tree.app_json).env if tree.app_json else ()
    unset = [one for one in declared if one.name not in environment.values]
    missing = [one.name for one in unset if one.required and one.value is None and not one.secret]
    if missing:
        from pushdeploy.model.supply import supply  # noqa: PLC0415 - most miss none

        names = ", ".join(f"`{name}`" for name in missing)
        raise RefusedInputError(
            f"app.json requires config vars that are not set: {names}",
            hint=supply(missing, records.place.name, environment.values),
        )
    made = {one.name: one.value for one in unset if one.value is not None}
    drawn = {one.name: secrets.token_hex(SECRET_BYTES) for one in unset if one.secret}
    if drawn:  # a first deploy that fails may have encrypted something with it
        environment = environment.set(drawn)
        records.save_pending_environment(environment)
    if made or drawn:
        report(ConfigVarsMade(tuple(sorted(made | drawn))))
    return environment.set(made)


def apply_collected(
    machine: Machine, records: AppRecords, release: Release, report: Report
) -> None:
    """Have nginx serve what a build has collected at another URL than the default's.

    It stays so for later releases; of one without the folder, the app answers.
    """
    taken = {one.url for one in records.settings().static}
    mounts = [one for one in release.static if not one.has_link and one.url not in taken]
    if not mounts:
        return
    from pushdeploy.proxy.static import add_mount  # noqa: PLC0415 - most have none

    for mount in mounts:
        try:
            add_mount(machine, records.place.name, mount)
        except PushdeployError as error:
            report(Warned(error.message, hint=error.hint or ""))


def apply_declared(
    machine: Machine,
    records: AppRecords,
    release: Release,
    former: Release | None,
    report: Report,
) -> None:
    """Add the domains and static folders that the repo names; what it names no more is told.

    The release is live by now: what can't be done is a warning.

    Args:
        machine: this one.
        records: the app's.
        release: what is live now.
        former: what was live before.
        report: who is told.
    """
    settings, app, repo = records.settings(), records.place.name, release.settings
    if former is not None and former.settings != repo:
        gone = _gone(app, settings, release, former.settings)
        for warning in (*_left(app, settings, repo, former.settings), *gone):
            report(warning)
    domains = [one for one in repo.domains if one not in settings.domains]
    mounts = [one for one in repo.static if one not in settings.static]
    if not domains and not mounts:
        return
    from pushdeploy.proxy.sites import adding_domains, change_site  # noqa: PLC0415 - most name none
    from pushdeploy.proxy.static import add_mount  # noqa: PLC0415 - as above

    done: list[str] = []
    try:
        if domains:
            change_site(machine, app, adding_domains(machine, app, domains))
            done += [f"domain {one}" for one in domains]
        for mount in mounts:
            add_mount(machine, app, mount)
            done.append(f"{mount.url} from {mount.folder}/")
    except PushdeployError as error:
        report(Warned(f"{repo.file}: {error.message}", hint=error.hint or ""))
    if done:
        report(SettingsApplied(repo.file, tuple(done)))


def _gone(
    app: str, settings: AppSettings, release: Release, former: RepoSettings
) -> Iterator[Warned]:
    """What the repo names no more, and went with that: it was a part of each release."""
    for folder in former.storage:
        if folder not in release.storage:
            yield Warned(
                f"`{former.file}` no longer names the storage folder {folder}/: the app does not "
                "see it any more; its files are kept",
                hint=f"pushdeploy storage:add {folder}/ --app {app}",
            )
    formation = scaled(settings.formation, release.settings.scale)
    for name, quantity in former.scale:
        now = formation.web_workers if name == "web" else formation.instances(name)
        known = name in settings.formation.quantities or release.procfile.get(name) is None
        if now != quantity and not known and name not in dict(release.settings.scale):
            yield Warned(
                f"`{former.file}` no longer says how many {name} run: "
                f"{AUTOMATIC if now is None else now} now, {quantity} before",
                hint=f"pushdeploy ps:scale {name}={quantity} --app {app}",
            )


def _left(
    app: str, settings: AppSettings, repo: RepoSettings, former: RepoSettings
) -> Iterator[Warned]:
    """What the repo names no more, and is as it was: visitors may still come by it."""
    for domain in former.domains:
        if domain not in repo.domains and domain in settings.domains:
            yield Warned(
                f"`{former.file}` no longer names the domain {domain}, which stays",
                hint=f"pushdeploy domains:remove {domain} --app {app}",
            )
    urls = {one.url for one in repo.static}
    for mount in former.static:
        if mount.url not in urls and mount in settings.static:
            yield Warned(
                f"`{former.file}` no longer names the static folder {mount.url}, which stays",
                hint=f"pushdeploy static:remove {mount.url} --app {app}",
            )
