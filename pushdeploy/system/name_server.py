"""Whether names lead to this machine: asked ahead, in threads, and not waited for long."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

from pushdeploy.system.address import is_reachable_from_afar, way_out

if TYPE_CHECKING:
    from collections.abc import Sequence

WAIT_SECONDS = 1.0
"""After this nothing is said of a name."""

MOST_NAMES = 4


class Lookups:
    """Names that are being looked up."""

    def __init__(self, names: Sequence[str]) -> None:
        self._found: dict[str, str] = dict.fromkeys(names, "")
        self._threads = [
            threading.Thread(target=self._look, args=(name,), daemon=True)
            for name in names[:MOST_NAMES]
        ]
        for one in self._threads:
            one.start()

    def found(self) -> dict[str, str]:
        """By name, why it does not lead here; empty when it does, or when nobody knows yet."""
        end = time.monotonic() + WAIT_SECONDS
        for one in self._threads:
            one.join(max(0.0, end - time.monotonic()))
        return dict(self._found)

    def _look(self, name: str) -> None:
        self._found[name] = trouble_of(name)


def trouble_of(name: str) -> str:
    """Why a name does not lead to this machine, in words; empty when it does or may do so."""
    try:
        entries = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return "it does not know that name"
    except (OSError, UnicodeError):
        return ""
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
    if any(is_ours(one) for one in addresses) or not _has_public_address():
        return ""
    return f"it points to {addresses[0]} (correct only if a proxy is there)"


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
