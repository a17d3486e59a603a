"""The receiver of this machine. Imports little: a push starts it before anything else is there."""

from __future__ import annotations

import sys
from pathlib import Path

from pushdeploy.cli.engine_link import embedded_root, engine_log
from pushdeploy.deploy.ask_receiver import Receiver
from pushdeploy.model.account import RECEIVER


def own_receiver() -> Receiver:
    """Runs as its own user on a server, as ourselves in embedded mode."""
    user = RECEIVER if embedded_root() is None else None
    return Receiver(Path(sys.executable), user, engine_log())
