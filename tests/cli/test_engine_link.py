"""Where to look when the engine itself has failed: each machine keeps that elsewhere."""

from __future__ import annotations

import pytest

from pushdeploy.cli.engine_link import HOME_VARIABLE, engine_log, with_log
from pushdeploy.errors import LostEngineError


@pytest.mark.parametrize(
    ("root", "command"),
    [
        (None, "journalctl -u 'pushdeploy.engine@*' -n 50"),
        ("/srv/mine", "tail /srv/mine/log/engine.log"),
        ("/srv/my own", "tail '/srv/my own/log/engine.log'"),
    ],
)
def test_the_engines_log_is_shown_by_a_command_that_works_here(
    root: str | None, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    if root is not None:
        monkeypatch.setenv(HOME_VARIABLE, root)

    assert engine_log() == command
    assert with_log(LostEngineError("it is gone")).hint == command
    assert with_log(LostEngineError("it is gone", hint="push again")).hint == (
        f"push again; {command}"
    )
