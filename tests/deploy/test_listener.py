"""A web process whose port is open to others, or somebody else's, is refused."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from pushdeploy.deploy.instances import squatted_port, web
from pushdeploy.deploy.listener import cure, passed_over, refuse_listener
from pushdeploy.errors import DeployFailedError
from tests.deploy.fakes import WEB

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
