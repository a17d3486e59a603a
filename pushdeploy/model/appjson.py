"""`app.json`: health checks and `cron` in Dokku's form, and the config vars in Heroku's, `env`.

Checks of `web` are used (`dokku_check` says how), those of type `liveness` and `readiness` and of
other process types are passed over: nothing of ours runs between deploys, and workers are checked
by staying up. Other keys of the file are passed over too; our own part, `pushdeploy`, is read by
`repo_settings`.

Source: https://dokku.com/docs/appendices/file-formats/app-json/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import UsageError
from pushdeploy.model.config_var import check_name, check_value
from pushdeploy.model.dokku_check import parse_check
from pushdeploy.model.health import DEFAULT_CHECK, HealthCheck
from pushdeploy.model.json_node import JsonNode, parse_json
from pushdeploy.model.text import quoted, refuse_longer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pushdeploy.model.cron_job import CronJob

LONGEST_APP_JSON = 256 * 1024
"""Characters: other tools keep their own things there too."""
MOST_CHECKS = 10
"""Checks: each is asked in turn while the deploy waits."""


@dataclass(frozen=True, slots=True)
class DeclaredVar:
    """A config var of `env`, in Heroku's form."""

    name: str
    value: str | None = None
    """What it is at first."""
    secret: bool = False
    """A random value is made for it."""
    required: bool = True
    """Without a value the app can't be deployed."""


@dataclass(frozen=True, slots=True)
class AppJson:
    """What `app.json` says; `AppJson()` is what a tree without one says.

    `healthchecks` is never empty.
    """

    healthchecks: tuple[HealthCheck, ...] = (DEFAULT_CHECK,)
    env: tuple[DeclaredVar, ...] = ()
    """Config vars that the first release needs, by name."""
    predeploy: str = ""
    """`scripts.dokku.predeploy`: what Dokku runs at the end of a build, a line for the shell."""
    postdeploy: str = ""
    """`scripts.postdeploy`: what Heroku runs once in a new app, a line for the shell."""
    cron: tuple[CronJob, ...] = ()
    """What runs by the clock."""
    backup_pre: str = ""
    """Runs before the app's files are taken for a backup, a line for the shell."""
    backup_post: str = ""
    """Runs after that, whatever came of it."""


def parse_app_json(text: str) -> AppJson:
    """What an `app.json` says.

    Raises:
        RefusedInputError: It is not JSON (comments are not), or a value that is used has another
            type or form; the message names the place, such as `healthchecks.web[0].path`.
    """
    refuse_longer(text, LONGEST_APP_JSON, "app.json")
    root = parse_json(text, "app.json")
    root.keys()
    checks = tuple(_checks(root)) or (DEFAULT_CHECK,)
    pre, post = _words(root, "backup", "pre"), _words(root, "backup", "post")
    predeploy = _words(root, "scripts", "dokku", "predeploy")
    return AppJson(checks, _env(root), predeploy, _postdeploy(root), _cron(root), pre, post)


def _postdeploy(root: JsonNode) -> str:
    """A text, or an object that has it as `command`; what is neither is nobody's business here."""
    scripts = root.get("scripts")
    node = scripts.get("postdeploy") if scripts else None
    if node and isinstance(node.value, dict):
        node = node.get("command")
    return node.value if node and isinstance(node.value, str) else ""


def _cron(root: JsonNode) -> tuple[CronJob, ...]:
    cron = root.get("cron")
    if not cron:
        return ()
    from pushdeploy.model.cron_declared import parse_cron  # noqa: PLC0415 - most have none

    return parse_cron(cron)


def _env(root: JsonNode) -> tuple[DeclaredVar, ...]:
    env = root.get("env")
    if env is None:
        return ()
    return tuple(_declared(env, name) for name in sorted(env.keys()))


def _declared(env: JsonNode, name: str) -> DeclaredVar:
    try:
        check_name(name)
    except UsageError as error:
        env.refuse(error.message, "remove it or rename it")
    node = env.get(name)
    if node is None or isinstance(node.value, str):
        return DeclaredVar(name, _value(name, node) if node else None)
    value, generator, required = node.get("value"), node.get("generator"), node.get("required")
    if generator and generator.text() != "secret":
        generator.refuse(f"expected `secret`, found {quoted(generator.text())}", "write `secret`")
    return DeclaredVar(
        name,
        _value(name, value) if value else None,
        secret=generator is not None,
        required=required.truth() if required else True,
    )


def _value(name: str, node: JsonNode) -> str:
    if not isinstance(node.value, str):
        return node.text()  # which refuses it
    try:
        check_value(name, node.value)
    except UsageError as error:
        node.refuse(error.message, "correct it")
    return node.value


def _words(root: JsonNode, *keys: str) -> str:
    """The text that lies under these keys; empty when there is none."""
    node: JsonNode | None = root
    for key in keys:
        node = node.get(key) if node else None
    return node.text() if node else ""


def _checks(root: JsonNode) -> Iterator[HealthCheck]:
    healthchecks = root.get("healthchecks")
    web = healthchecks.get("web") if healthchecks else None
    if not web:
        return
    if len(web.each()) > MOST_CHECKS:
        web.refuse(f"{len(web.each())} checks, the maximum is {MOST_CHECKS}", "remove some")
    for node in web.each():
        kind = node.get("type")
        if kind is None or kind.text() == "startup":
            yield parse_check(node)
        elif kind.text() not in {"liveness", "readiness"}:
            kind.refuse(
                f"expected `startup`, `liveness` or `readiness`, found {quoted(kind.text())}",
                "write `startup`",
            )
