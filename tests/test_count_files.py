"""What is done by one command stays in few files."""

from __future__ import annotations

import sys
from pathlib import Path

from pushdeploy.system.command import Command, run

MOST = 67
"""Raised only when what `config:set` does grows; merging what is one thought lowers it."""


def test_few_files_are_opened_to_follow_a_changed_config_var() -> None:
    counted = run(
        Command([sys.executable, "-m", "tests.count_files"], folder=Path(__file__).parents[1])
    )

    files = counted.stdout.splitlines()
    assert len(files) <= MOST, "\n".join(files)
