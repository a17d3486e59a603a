"""Puts the objects together: the one place that knows which machine this is."""

from __future__ import annotations

import sys
from pathlib import Path

from pushdeploy.cli import engine_link
from pushdeploy.deploy.checkout import Receiver
from pushdeploy.deploy.host import Host
from pushdeploy.deploy.journal import Journal
from pushdeploy.model.layout import SERVER
from pushdeploy.system.accounts import RECEIVER, ServerAccounts
from pushdeploy.system.systemd import Systemd

SERVER_PYTHON = Path("/usr/bin/python3")


def host() -> Host:
    """This machine: a server, or the folder that `PUSHDEPLOY_HOME` names."""
    root = engine_link.embedded_root()
    return server_host() if root is None else embedded_host()


def server_host() -> Host:
    """A server with systemd."""
    return Host(
        layout=SERVER,
        supervisor=Systemd(),
        accounts=ServerAccounts(SERVER),
        receiver=Receiver(Path(sys.executable), RECEIVER),
        python=Path(sys.executable),
        server_python=SERVER_PYTHON,
        uv=_beside_python("uv"),
        proxy_host=_proxy_host,
    )


def embedded_host() -> Host:
    """Everything under one folder, as one person."""
    from pushdeploy.system.accounts_embedded import OwnAccounts  # noqa: PLC0415
    from pushdeploy.system.supervisord import Supervisord  # noqa: PLC0415

    layout = engine_link.layout()
    return Host(
        layout=layout,
        supervisor=Supervisord(layout, Path(sys.executable)),
        accounts=OwnAccounts(layout),
        receiver=Receiver(Path(sys.executable), None),
        python=Path(sys.executable),
        server_python=Path(sys.executable).resolve(),
        uv=_beside_python("uv"),
        proxy_host=lambda _: "localhost",
    )


def _proxy_host(app: str) -> str:
    """Apps that check the `Host` header know their first domain."""
    domains = Journal(SERVER.app(app)).settings().domains
    return next((domain for domain in domains if domain[0] != "*"), "localhost")


def _beside_python(name: str) -> Path:
    return Path(sys.executable).with_name(name)
