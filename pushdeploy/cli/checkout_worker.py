"""The checkout worker of this machine. Imports little: a push starts it first."""

from __future__ import annotations

import sys
from pathlib import Path

from pushdeploy.cli.engine_link import embedded_root, engine_log
from pushdeploy.deploy.checkout_client import CheckoutClient
from pushdeploy.model.account import GIT_USER


def own_checkout_worker() -> CheckoutClient:
    """Runs as its own user on a server, as ourselves in embedded mode."""
    user = GIT_USER if embedded_root() is None else None
    return CheckoutClient(Path(sys.executable), user, engine_log())
