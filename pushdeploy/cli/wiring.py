"""Puts the objects together: the one place that knows which machine this is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.cli import engine_link
from pushdeploy.cli.checkout_worker import own_checkout_worker
from pushdeploy.machine.machine import Machine
from pushdeploy.model.layout import SERVER
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system import processes, vitals
from pushdeploy.system.accounts import ServerAccounts
from pushdeploy.system.apt import ServerPackages
from pushdeploy.system.fetch_python import OwnPythons, ServerPythons
from pushdeploy.system.mysql import ServerMysql
from pushdeploy.system.nginx import Nginx
from pushdeploy.system.ports import TcpPorts
from pushdeploy.system.postgres import ServerPostgres
from pushdeploy.system.redis import ServerRedis
from pushdeploy.system.restic import ResticProgram
from pushdeploy.system.schedules import SystemdSchedules
from pushdeploy.system.server_tools import (
    ServerAccess,
    ServerCertificates,
    ServerFirewall,
    ServerMessenger,
)
from pushdeploy.system.systemd import Systemd
from pushdeploy.system.unit_files import load_templates

if TYPE_CHECKING:
    from pushdeploy.deploy.checkout_client import CheckoutClient

SERVER_PYTHON = Path("/usr/bin/python3")


def machine(checkout_worker: CheckoutClient | None = None) -> Machine:
    """This machine: a server, or the folder that `PUSHDEPLOY_HOME` names.

    `checkout_worker` is one that was started already.
    """
    root = engine_link.embedded_root()
    return server_machine(checkout_worker) if root is None else embedded_machine(checkout_worker)


def server_machine(checkout_worker: CheckoutClient | None = None) -> Machine:
    """A server with systemd."""
    checkout_worker = checkout_worker or own_checkout_worker()
    checkout_worker.meanwhile = load_templates
    systemd = Systemd()
    return Machine(
        layout=SERVER,
        supervisor=systemd,
        accounts=ServerAccounts(SERVER),
        checkout_worker=checkout_worker,
        resources=processes,
        ports=TcpPorts(),
        timers=systemd,
        schedules=SystemdSchedules(),
        pythons=ServerPythons(),
        packages=ServerPackages(),
        proxy=Nginx(SERVER.state),
        certificates=ServerCertificates(),
        firewall=ServerFirewall(),
        access=ServerAccess(),
        postgres=ServerPostgres(),
        mysql=ServerMysql(),
        restic=ResticProgram(SERVER.backup, by_systemd=True),
        redis=ServerRedis(SERVER),
        vitals=vitals,
        messenger=ServerMessenger(SERVER),
        python=Path(sys.executable),
        server_python=SERVER_PYTHON,
        uv=_beside_python("uv"),
        engine_log=engine_link.engine_log(),
        proxy_host=_proxy_host,
    )


def embedded_machine(checkout_worker: CheckoutClient | None = None) -> Machine:
    """Everything under one folder, as one person."""
    from pushdeploy.system.accounts_embedded import OwnAccounts
    from pushdeploy.system.embedded_tools import (
        NoAccess,
        NoCertificates,
        NoFirewall,
        NoMessenger,
        NoPackages,
        NoProxy,
        NoRedis,
        NoSchedules,
        NoSqlServer,
    )
    from pushdeploy.system.supervisord import Supervisord

    layout = engine_link.layout()
    supervisord = Supervisord(layout, Path(sys.executable))
    return Machine(
        layout=layout,
        supervisor=supervisord,
        accounts=OwnAccounts(layout),
        checkout_worker=checkout_worker or own_checkout_worker(),
        resources=processes,
        ports=TcpPorts(),
        timers=supervisord,
        schedules=NoSchedules(),
        pythons=OwnPythons(),
        packages=NoPackages(),
        proxy=NoProxy(),
        certificates=NoCertificates(),
        firewall=NoFirewall(),
        access=NoAccess(),
        postgres=NoSqlServer("PostgreSQL"),
        mysql=NoSqlServer("MariaDB"),
        restic=ResticProgram(layout.backup, by_systemd=False),
        redis=NoRedis(),
        vitals=vitals,
        messenger=NoMessenger(),
        python=Path(sys.executable),
        server_python=Path(sys.executable).resolve(),
        uv=_beside_python("uv"),
        engine_log=engine_link.engine_log(),
        proxy_host=lambda _: "localhost",
    )


def _proxy_host(app: str) -> str:
    """Apps that check the `Host` header know their first domain."""
    return AppRecords(SERVER.app(app)).settings().known_as


def _beside_python(name: str) -> Path:
    return Path(sys.executable).with_name(name)
