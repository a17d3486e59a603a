"""Who asks, and whether he may: by the kernel's word, not by his own."""

from __future__ import annotations

import grp
import os
import pwd
from typing import TYPE_CHECKING, Any

from pushdeploy.errors import NotAllowedError
from pushdeploy.model.text import escaped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.deploy.machine import Machine
    from pushdeploy.engine.session import Session

OURS = "pushdeploy"
NAME_LIMIT = 64


def caller(machine: Machine, session: Session, request: Mapping[str, Any]) -> str:
    """The name under which the request is recorded.

    root, the receiver and members of the group `pushdeploy` may ask. Root (sudo) and the receiver
    (ssh keys) vouch for a person's name; anybody else goes by his own.

    Raises:
        NotAllowedError: somebody else asks.
    """
    peer = session.peer
    claimed = escaped(str(request.get("who") or ""))[:NAME_LIMIT]
    receiver = machine.accounts.receiver()
    if receiver is None:
        if peer.user != os.geteuid():
            raise NotAllowedError(f"user {peer.user} may not use this folder's pushdeploy")
        return claimed or _name(peer.user)
    name = _name(peer.user)
    if peer.user == 0 or name == receiver:
        return claimed or name
    if name in _members():
        return name
    raise NotAllowedError(
        f"`{name}` is not in the group `{OURS}`", hint=f"sudo usermod -aG {OURS} {name}"
    )


def came_by_key(machine: Machine, session: Session) -> bool:
    """Whether the caller was let in by an ssh key, whose name is then the name of who asks."""
    return _name(session.peer.user) == machine.accounts.receiver()


def _members() -> list[str]:
    try:
        return grp.getgrnam(OURS).gr_mem
    except KeyError:
        return []


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
