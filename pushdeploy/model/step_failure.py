"""Why a build step failed, by what it printed, and what makes it work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.build_step import DISABLE_COLLECTSTATIC
from pushdeploy.model.supply import supply

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_ROOT = "without having set the STATIC_ROOT setting"
_NAME = r"(?P<name>[A-Z][A-Z0-9_]{0,60})"
_MISSING_VAR = tuple(
    re.compile(pattern)
    for pattern in (
        rf"KeyError: '{_NAME}'",
        rf"ImproperlyConfigured: Set the {_NAME} environment variable",
        rf"UndefinedValueError: {_NAME} not found",
        rf"ImproperlyConfigured: The {_NAME} setting must not be empty",
        rf"EnvError: Environment variable \"{_NAME}\" not set",
    )
)
_MODULE = re.compile(r"ModuleNotFoundError: No module named '(?P<name>[A-Za-z0-9_]{1,80})")
_DENIED = re.compile(
    r"(?:PermissionError|OSError): \[Errno (?:13|30)\] [\w -]{1,40}: '(?P<path>/[^'\n]{0,300})'"
)
_DATABASE = re.compile(r"OperationalError: .{0,200}(?:connect|no such table|does not exist)")


@dataclass(frozen=True, slots=True)
class StepFailure:
    """What is said."""

    text: str
    hint: str


def cause(
    output: str, app: str, *, collecting: bool, config: Mapping[str, str]
) -> StepFailure | None:
    """Why it failed; `None` when its own last lines have to say it.

    Args:
        output: what the step printed last.
        app: the app's name.
        collecting: it was Django's `collectstatic`.
        config: the config vars that it had.
    """
    off = f"pushdeploy config:set {DISABLE_COLLECTSTATIC}=1 --app {app}"
    nowhere = _nowhere_to_collect(output, off) if collecting else None
    if nowhere is not None:
        return nowhere
    for pattern in _MISSING_VAR:
        found = pattern.search(output)
        if found is not None:
            name = found["name"]
            return StepFailure(
                f"the code needs the config var {name} while it is built",
                supply((name,), app, config),
            )
    found = _MODULE.search(output)
    if found is not None:
        return StepFailure(
            f"the module {found['name']} is not installed",
            "add its package to the requirements, commit, and push again",
        )
    if _DATABASE.search(output):
        return StepFailure(
            "the code asks its database as it is imported; a build has no storage, and no "
            "migration has run yet",
            f"to have no static files collected: {off}" if collecting else "ask it later",
        )
    return None


def _nowhere_to_collect(output: str, off: str) -> StepFailure | None:
    """Django has no folder to write to, or may not write there."""
    if _NO_ROOT in output:
        return StepFailure(
            "collectstatic has no folder to write to: STATIC_ROOT is not set",
            'add STATIC_ROOT = BASE_DIR / "staticfiles" to the settings, commit, and push again; '
            f"or have none collected: {off}",
        )
    denied = _DENIED.search(output)
    if denied is None:
        return None
    return StepFailure(
        f"collectstatic may not write `{denied['path']}`: STATIC_ROOT has to be a folder in "
        "the code",
        'in the settings: STATIC_ROOT = BASE_DIR / "staticfiles"',
    )
