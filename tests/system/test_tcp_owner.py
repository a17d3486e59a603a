"""Who has a port, asked of the kernel in both ways."""

from __future__ import annotations

import os
import socket

import pytest

from pushdeploy.system import tcp_owner
from pushdeploy.system.held_ports import listening
from pushdeploy.system.tcp_owner import Owner, listener, proven

MINE = os.getuid()
IN_TABLE = tcp_owner._by_table  # noqa: SLF001 - what is read where sock_diag is missing


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - listened on briefly
def test_a_listener_is_found_with_its_owner_and_address(address: str) -> None:
    with socket.create_server((address, 0)) as server:
        port = server.getsockname()[1]

        found = listener(port)

        assert found == IN_TABLE(port, 0)
        assert found is not None
        assert (found.uid, found.address, found.listens) == (MINE, address, True)
        assert found.exposed is (address != "127.0.0.1")


def test_a_listener_of_ipv6_that_takes_ipv4_too_is_found() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        found = listener(server.getsockname()[1])

        assert found is not None
        assert (found.uid, found.address, found.exposed) == (MINE, "::", True)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"])
def test_who_listens_on_any_address_of_the_loopback_is_listed(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        server = socket.create_server((address, 0), family=family)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        port = server.getsockname()[1]

        assert (port, MINE) in listening()
    assert (port, MINE) not in listening()


def test_nobody_is_found_where_nobody_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))

        assert listener(bound.getsockname()[1]) is None


@pytest.mark.parametrize("accepts", [True, False])
def test_a_connection_is_proven_to_be_its_listeners(accepts: bool) -> None:  # noqa: FBT001
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            far = server.accept()[0] if accepts else None

            assert proven(client, port, MINE)
            assert not proven(client, port, MINE + 1)
            if far is not None:
                far.close()


def test_a_connection_whose_far_end_is_gone_is_not_proven() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
    with client:
        assert not proven(client, port, MINE)


def test_what_listens_beyond_the_loopback_is_proven_only_where_nobody_reaches_it() -> None:
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            assert not proven(client, port, MINE)
            assert proven(client, port, MINE, kept_in=True)
            assert not proven(client, port, MINE + 1, kept_in=True)


@pytest.mark.parametrize(
    ("address", "exposed"),
    [
        ("127.0.0.1", False),
        ("127.8.9.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("0.0.0.0", True),  # noqa: S104 - read
        ("::", True),
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
    ],
)
def test_only_the_loopback_is_out_of_others_reach(address: str, *, exposed: bool) -> None:
    assert Owner(0, address, listens=True, accepted=True).exposed is exposed
