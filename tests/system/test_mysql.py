"""What reads a dump into MariaDB: nothing of half a dump, and nobody else's definer."""

from __future__ import annotations

import pytest

from pushdeploy.system.command import Command, Output, attempt
from pushdeploy.system.mysql import BASH, RESTORER, restore

END = "-- Dump completed on 2026-11-30 10:18:10\n"


def read(dump: str) -> Output:
    """Read a dump, with cat(1) in the place of MariaDB's client."""
    return attempt(Command([BASH, "-c", RESTORER, "mysql-restore", "cat"], stdin=dump))


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT",
            "/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT",
        ),
        (
            "/*!50106 CREATE*/ /*!50117 DEFINER=`a b`@`localhost`*/ /*!50106 EVENT `e`",
            "/*!50106 CREATE*/ /*!50106 EVENT `e`",
        ),
        (
            "/*!50003 CREATE*/ /*!50020 DEFINER=`root`@`localhost`*/ /*!50003 FUNCTION `f`()",
            "/*!50003 CREATE*/ /*!50003 FUNCTION `f`()",
        ),
        ("CREATE DEFINER=`a`@`localhost` PROCEDURE `p`()", "CREATE PROCEDURE `p`()"),
        (
            "/*!50013 DEFINER=`a`@`localhost` SQL SECURITY DEFINER */",
            "/*!50013 SQL SECURITY DEFINER */",
        ),
        ("INSERT INTO t VALUES ('CREATE DEFINER=`a`@`b` ')", None),
        ("  CREATE DEFINER=`a`@`b` PROCEDURE", None),
    ],
)
def test_whose_it_was_is_left_out_of_statements_and_of_nothing_else(
    line: str, wanted: str | None
) -> None:
    said = read(f"{line}\n{END}")

    assert (said.status, said.stdout) == (0, f"{wanted or line}\n{END}")


@pytest.mark.parametrize("dump", ["", "INSERT INTO t VALUES (1);\n", f"{END}INSERT"])
def test_half_a_dump_is_not_begun(dump: str) -> None:
    said = read(dump)

    assert (said.status, said.stdout) == (65, "")
    assert "The dump is not whole" in said.stderr


def test_the_apps_own_files_do_not_say_where_mariadb_is() -> None:
    line = restore("pd-blog")

    assert line[4:6] == ("/usr/bin/mariadb", "--no-defaults")
    assert "--user=pd-blog" in line
