"""A web process whose port is open to others, or somebody else's, is refused."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from pushdeploy.apps.lifecycle import create_app
from pushdeploy.deploy.instances import squatted_port, web
from pushdeploy.deploy.listener import cure, passed_over, refuse_listener
from pushdeploy.errors import DeployFailedError
from pushdeploy.events import Warned
from pushdeploy.system.tcp_owner import Owner
from tests.deploy.fakes import WEB
from tests.deploy.machine import APP
from tests.deploy.servers import free_port

if TYPE_CHECKING:
    from tests.deploy.machine import FakeMachine


@pytest.mark.parametrize(
    ("command", "cured"),
    [
        ("flask run --host 0.0.0.0 --port $PORT", "flask run --host 127.0.0.1 --port $PORT"),
        ("x --host=0.0.0.0 --port=$PORT", "x --host=127.0.0.1 --port=$PORT"),
        ("x --bind [::]:$PORT", "x --bind 127.0.0.1:$PORT"),
        ("x --listen=*:$PORT", "x --listen=127.0.0.1:$PORT"),
        ("x --host :: --port 1", "x --host 127.0.0.1 --port 1"),
        ("uwsgi --http :$PORT -w x:y", "uwsgi --http 127.0.0.1:$PORT -w x:y"),
        ("uwsgi --http=:${PORT} -w x:y", "uwsgi --http=127.0.0.1:${PORT} -w x:y"),
        ("manage.py runserver 0.0.0.0:$PORT", "manage.py runserver 127.0.0.1:$PORT"),
    ],
)
def test_the_line_that_cures_it_is_the_apps_own(command: str, cured: str) -> None:
    assert cure(command) == f"write in the Procfile: web: {cured}"


def test_where_the_line_does_not_show_it_the_address_is_named() -> None:
    assert cure("node server.js") == "have it listen on 127.0.0.1:$PORT, commit, and push again"


def test_a_listener_on_every_address_is_refused(machine: FakeMachine) -> None:
    machine.push("one", "web: node app.js\n")
    release = machine.records.release(1)
    with socket.create_server(("", 0)) as server:
        exposed = server.getsockname()[1]

        with pytest.raises(DeployFailedError, match=r"web listens on 0\.0\.0\.0:") as refused:
            refuse_listener(machine, release, exposed)

    assert "127.0.0.1:$PORT" in (refused.value.hint or "")
    refuse_listener(machine, release, exposed)  # nobody listens there any more


def test_a_listener_on_every_address_is_taken_where_other_machines_are_kept_out(
    machine: FakeMachine,
) -> None:
    machine.push("one", "web: node app.js\n")
    release = machine.records.release(1)
    with socket.create_server(("", 0)) as server:
        exposed = server.getsockname()[1]
        machine.records.place.bridge_port(7).write_text(str(exposed))

        refuse_listener(machine, release, exposed)  # the kernel is told of it first

        assert machine.firewall.keeps_in([exposed])
        machine.firewall.can_keep_in = False
        with pytest.raises(DeployFailedError, match="where other machines reach it"):
            refuse_listener(machine, release, exposed)


def test_a_port_that_the_app_itself_has_is_not_squatted(machine: FakeMachine) -> None:
    machine.push("one", "web: node app.js\n")
    release = machine.records.release(1)
    port = web(machine, release, machine.records.settings()).port
    assert port is not None

    with socket.create_server(("127.0.0.1", port)):
        assert squatted_port(machine, release) is None
        assert web(machine, release, machine.records.settings()).port == port


def test_a_port_that_the_apps_own_front_holds_is_not_the_apps_doing(machine: FakeMachine) -> None:
    port = machine.records.settings().port
    machine.push("one", WEB)
    release = machine.records.release(1)
    instance = web(machine, release, machine.records.settings())
    assert machine.supervisor.fronts() == [release.app]

    assert not passed_over(machine, release, instance)

    machine.supervisor.close_front(release.app)
    with socket.create_server(("127.0.0.1", port)):
        assert passed_over(machine, release, instance)


def test_a_port_that_somebody_else_has_taken_is_given_up_for_another(machine: FakeMachine) -> None:
    machine.push("one", "web: node app.js\n")
    release = machine.records.release(1)
    port = web(machine, release, machine.records.settings()).port
    assert port is not None
    other = Owner(4_000_000, "127.0.0.1", listens=True, accepted=True)
    machine.ports.others = {port: other}

    assert squatted_port(machine, release) == port
    assert web(machine, release, machine.records.settings()).port != port


def test_an_app_that_holds_the_front_of_another_is_stopped_and_the_deploy_goes_on(
    machine: FakeMachine,
) -> None:
    port = machine.records.settings().port
    create_app(machine, "other", port=free_port())
    machine.accounts.users = {APP: {901}, "other": {903}}
    taker = Owner(903, "127.0.0.1", listens=True, accepted=True)
    with socket.create_server(("127.0.0.1", port)) as squatting:
        machine.ports.all_heard = [(port, taker)]
        machine.supervisor.on_call = lambda call: squatting.close() if call == "end_all" else None

        ended = machine.push("one")

    assert ended.release == 1
    warned = machine.watching.one(Warned)
    assert isinstance(warned, Warned)
    assert warned.text == f"stopped `other`, which had taken port {port} of `blog`"
    assert machine.answer() == "v1"
