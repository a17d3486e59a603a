"""Whether names lead to this machine: asked ahead, in threads, and not waited for long."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from pushdeploy.model.dns import DnsAnswer, Doubt
from pushdeploy.system.address import is_reachable_from_afar, way_out

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WAIT_SECONDS = 1.0
"""After this nothing is said of a name."""

MOST_NAMES = 4

NO_SUCH_NAME = (socket.EAI_NONAME, socket.EAI_NODATA)
"""What getaddrinfo(3) says when DNS has answered; all else means that it has not."""


class Lookups:
    """Names that are being looked up."""

    def __init__(self, names: Sequence[str]) -> None:
        self._found: dict[str, Doubt | None] = dict.fromkeys(names)
        self._threads = [
            threading.Thread(target=self._look, args=(name,), daemon=True)
            for name in names[:MOST_NAMES]
        ]
        for one in self._threads:
            one.start()

    def found(self) -> dict[str, Doubt | None]:
        """By name, why it may not lead here; `None` when it does, or when nobody knows yet."""
        end = time.monotonic() + WAIT_SECONDS
        for one in self._threads:
            one.join(max(0.0, end - time.monotonic()))
        return dict(self._found)

    def _look(self, name: str) -> None:
        self._found[name] = doubt_about(name)


def look_up(name: str, port: int | None = None) -> DnsAnswer:
    """The addresses of a name, by this machine's own files and DNS."""
    return look_up_by(socket.getaddrinfo, name, port)


def look_up_by(
    resolve: Callable[..., Sequence[tuple[Any, ...]]], name: str, port: int | None
) -> DnsAnswer:
    """The same, by something that is called and fails as `socket.getaddrinfo` does."""
    try:
        entries = resolve(name, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        unknown = error.errno in NO_SUCH_NAME
        return DnsAnswer(failure="" if unknown else error.strerror or "no reason given")
    except (OSError, UnicodeError) as error:
        return DnsAnswer(failure=str(error))
    return DnsAnswer(tuple(dict.fromkeys(str(entry[4][0]) for entry in entries)))


def doubt_about(name: str) -> Doubt | None:
    """Why a name may not lead to this machine; `None` when it does, or when nobody can say."""
    found = look_up(name)
    if not found.addresses:
        return found.doubt(name)
    if any(is_ours(one) for one in found.addresses) or not _has_public_address():
        return None
    return found.doubt(name)


def is_ours(address: str) -> bool:
    """True when it is an address of this machine: one can listen on no other (bind(2))."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _has_public_address() -> bool:
    """Behind a translation of addresses nobody here knows the public one."""
    here = way_out()
    return here is not None and is_reachable_from_afar(here)
