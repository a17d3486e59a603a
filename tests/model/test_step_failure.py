"""Why a build step failed: one line for each usual cause, and the command that helps."""

from __future__ import annotations

import pytest

from pushdeploy.model.step_failure import cause
from pushdeploy.model.supply import supply

IMPROPER = "django.core.exceptions.ImproperlyConfigured"
NO_ROOT = (
    f"{IMPROPER}: You're using the staticfiles app without having set the STATIC_ROOT setting to a "
    "filesystem path."
)


def test_a_missing_static_root_says_what_to_set_and_how_to_turn_it_off() -> None:
    found = cause(f"Traceback\n{NO_ROOT}\n", "blog", config={}, collecting=True)

    assert found is not None
    assert "STATIC_ROOT" in found.text
    assert found.hint.startswith('add STATIC_ROOT = BASE_DIR / "staticfiles" to the settings')
    assert "pushdeploy config:set DISABLE_COLLECTSTATIC=1 --app blog" in found.hint


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("KeyError: 'SECRET_KEY'", "SECRET_KEY"),
        (f"{IMPROPER}: Set the DATABASE_URL environment variable", "DATABASE_URL"),
        ("decouple.UndefinedValueError: SECRET_KEY not found. Declare it as envvar", "SECRET_KEY"),
        (f"{IMPROPER}: The SECRET_KEY setting must not be empty.", "SECRET_KEY"),
        ('environs.EnvError: Environment variable "API_KEY" not set', "API_KEY"),
    ],
)
def test_a_missing_config_var_is_named(line: str, name: str) -> None:
    found = cause(line, "blog", config={}, collecting=True)

    assert found is not None
    assert found.hint == supply((name,), "blog", {})


def test_a_missing_module_is_named() -> None:
    found = cause(
        "ModuleNotFoundError: No module named 'whitenoise'", "blog", config={}, collecting=True
    )

    assert found is not None
    assert "whitenoise" in found.text


def test_code_that_asks_its_database_is_told_that_there_is_none_yet() -> None:
    line = "django.db.utils.OperationalError: no such table: pages_page"

    found = cause(line, "blog", config={}, collecting=True)

    assert found is not None
    assert "database" in found.text


def test_anything_else_speaks_for_itself() -> None:
    assert cause("make: *** [css] Error 1", "blog", config={}, collecting=False) is None
    assert cause(NO_ROOT, "blog", config={}, collecting=False) is None


@pytest.mark.parametrize(
    "line",
    [
        "PermissionError: [Errno 13] Permission denied: '/admin'",
        "OSError: [Errno 30] Read-only file system: '/srv/static/admin'",
    ],
)
def test_a_static_root_outside_of_the_code_is_named(line: str) -> None:
    found = cause(f"Traceback\n{line}\n", "blog", config={}, collecting=True)

    assert found is not None
    assert "STATIC_ROOT has to be a folder in the code" in found.text
    assert found.hint == 'in the settings: STATIC_ROOT = BASE_DIR / "staticfiles"'
    assert cause(line, "blog", config={}, collecting=False) is None
