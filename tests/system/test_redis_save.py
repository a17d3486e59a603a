"""What takes from a Redis what it holds: by a file that its own BGSAVE has written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pushdeploy.system.command import Command, Output, attempt
from pushdeploy.system.redis import SAVE

if TYPE_CHECKING:
    from pathlib import Path

CLIENT = """\
#!/bin/sh
case $1 in
  BGSAVE) {save} ;;
  INFO) printf '{info}' ;;
esac
"""
BUSY = "rdb_bgsave_in_progress:1\\r\\nrdb_last_bgsave_status:err\\r\\n"
FAILED = "rdb_bgsave_in_progress:0\\r\\nrdb_last_bgsave_status:err\\r\\n"


def save(folder: Path, *, save: str, info: str = BUSY) -> Output:
    """Have it saved, by a client that does this."""
    client = folder / "client"
    client.write_text(CLIENT.format(save=save, info=info))
    client.chmod(0o755)
    return attempt(Command(["/bin/sh", "-c", SAVE, "redis-save", str(folder), str(client)]))


def test_it_waits_for_a_save_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "dump.rdb").write_text("an old one")
    later = f"echo Background saving scheduled; (sleep 0.5; echo new >{tmp_path}/dump.rdb) &"

    said = save(tmp_path, save=later)

    assert (said.status, said.stdout) == (0, "new\n")
    assert not (tmp_path / "dump.rdb").exists()


@pytest.mark.parametrize(
    ("answer", "info", "told"),
    [
        ("echo NOAUTH Authentication required.", BUSY, "NOAUTH"),
        ("echo Could not connect >&2; exit 1", BUSY, "Could not connect"),
        ("echo Background saving started", FAILED, "BGSAVE failed"),
    ],
)
def test_a_save_that_fails_prints_nothing(
    tmp_path: Path, answer: str, info: str, told: str
) -> None:
    said = save(tmp_path, save=answer, info=info)

    assert (said.status, said.stdout) == (1, "")
    assert told in said.stderr
