"""A package that is too old for the Python is told from one that lacks something of the server."""

from __future__ import annotations

import pytest

from pushdeploy.model.outgrown import find_outgrown
from pushdeploy.model.python_version import PythonVersion

NEW = PythonVersion(3, 14)
NO_PG_CONFIG = "Error: pg_config executable not found."


@pytest.mark.parametrize(
    ("package", "line", "last"),
    [
        ("dominate==2.3.1", "ModuleNotFoundError: No module named 'imp'", "3.11"),
        ("x==1", "AttributeError: module 'pkgutil' has no attribute 'ImpImporter'", "3.11"),
        ("x==1", "x.c:1: fatal error: longintrepr.h: No such file or directory", "3.10"),
        ("x==1", "error: implicit declaration of function '_PyInterpreterState_Get'", "3.12"),
        ("x==1", "error: too few arguments to function \u2018_PyLong_AsByteArray\u2019", "3.12"),
        (
            "pydantic-core==2.33.0",
            (
                "the configured Python interpreter version (3.14) is newer than PyO3's maximum "
                "supported version (3.13)"
            ),
            "3.13",
        ),
        ("psycopg2-binary==2.9.3", NO_PG_CONFIG, "3.10"),
        ("psycopg2-binary==2.9.5", NO_PG_CONFIG, "3.11"),
        ("psycopg2-binary==2.9.9", NO_PG_CONFIG, "3.12"),
        ("psycopg2==2.9.9", NO_PG_CONFIG, "3.12"),
        ("psycopg2-binary==2.9.10", NO_PG_CONFIG, "3.13"),
        ("greenlet==3.0.1", "error: command 'g++' failed", "3.11"),
        ("PyYAML==5.3", "anything", "3.11"),
    ],
)
def test_an_old_version_is_named_with_the_last_python_that_it_knows(
    package: str, line: str, last: str
) -> None:
    found = find_outgrown([f"error: Failed to build `{package}`", f"   {line}"], NEW)

    assert found is not None
    assert found.last == last
    assert found.package == package.lower().replace("==", " ")


@pytest.mark.parametrize(
    ("line", "more", "running"),
    [
        ("Failed to build `psycopg2==2.9.11`", NO_PG_CONFIG, NEW),
        ("Failed to build `psycopg2-binary==2.9.9`", NO_PG_CONFIG, PythonVersion(3, 12)),
        ("Failed to build `greenlet==3.0.1`", "command 'g++' failed", PythonVersion(3, 11)),
        ("Failed to build `mysqlclient==2.1.0`", "mysql_config: not found", NEW),
        ("Failed to build `thing==1`", "ModuleNotFoundError: No module named 'thing'", NEW),
        ("ModuleNotFoundError: No module named 'imp'", "", NEW),
    ],
)
def test_what_an_older_python_does_not_help_is_left_to_others(
    line: str, more: str, running: PythonVersion
) -> None:
    assert find_outgrown([line, more], running) is None
