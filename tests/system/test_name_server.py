"""A name that DNS does not know is told apart from a DNS that does not answer."""

from __future__ import annotations

import socket

import pytest

from pushdeploy.model.dns import DnsAnswer
from pushdeploy.system.name_server import look_up_by

NAME = "blog.example.com"


class Resolver:
    """Fails as getaddrinfo(3) does, or knows an address twice."""

    def __init__(self, error: OSError | None) -> None:
        self._error = error

    def __call__(self, name: str, port: int | None, **_: object) -> list[tuple[object, ...]]:
        """The entries."""
        if self._error is not None:
            raise self._error
        return [(0, 0, 0, name, ("192.0.2.9", port or 0))] * 2


@pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_NODATA])
def test_a_name_that_dns_does_not_know_has_no_addresses(code: int) -> None:
    found = look_up_by(Resolver(socket.gaierror(code, "Name or service not known")), NAME, None)

    assert found == DnsAnswer()
    assert found.doubt(NAME).sure
    assert found.doubt(NAME).text.endswith("yet: it does not know that name")


@pytest.mark.parametrize("code", [socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM])
def test_a_server_without_dns_says_so_of_itself(code: int) -> None:
    found = look_up_by(Resolver(socket.gaierror(code, "Temporary failure")), NAME, None)

    assert found == DnsAnswer(failure="Temporary failure")
    assert not found.doubt(NAME).sure
    assert "its own DNS gives no answer" in found.doubt(NAME).text


def test_an_address_elsewhere_is_named_once() -> None:
    found = look_up_by(Resolver(None), NAME, 80)

    assert found.addresses == ("192.0.2.9",)
    assert "it points to 192.0.2.9" in found.doubt(NAME).text
