"""Who asks, and what he may: by the kernel's word, not by his own."""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pushdeploy.errors import NotAllowedError
from pushdeploy.model.rights import ALL, Right
from pushdeploy.model.text import escaped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.deploy.machine import Machine
    from pushdeploy.engine.session import Session

OURS = "pushdeploy"
NAME_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody at the other end of the socket."""

    name: str
    """Under which the request is recorded."""
    rights: frozenset[Right]
    by_key: bool = False
    """Let in by an ssh key, whose name is then the caller's."""
    refusal: str = ""
    hint: str | None = None
    """What is said to somebody without the right."""

    def refuse_without(self, right: Right) -> None:
        """See that the caller holds a right.

        Raises:
            NotAllowedError: no.
        """
        if right not in self.rights:
            raise NotAllowedError(self.refusal or f"`{self.name}` may not {right}", hint=self.hint)


def caller_of(machine: Machine, session: Session, request: Mapping[str, Any]) -> Caller:
    """Who asks.

    root, the receiver and members of the group `pushdeploy` hold all rights, strangers none. Root
    (sudo) and the receiver (ssh keys) vouch for a person's name; anybody else goes by his own.
    """
    peer = session.peer
    claimed = escaped(str(request.get("who") or ""))[:NAME_LIMIT]
    receiver = machine.accounts.receiver()
    name = _name(peer.user)
    if receiver is None:
        if peer.user == os.geteuid():
            return Caller(claimed or name, ALL)
        text = f"user {peer.user} may not use this folder's pushdeploy"
        return Caller(name, frozenset(), refusal=text)
    if peer.user == 0 or name == receiver:
        return Caller(claimed or name, ALL, by_key=name == receiver)
    if name in _members():
        return Caller(name, ALL)
    return Caller(
        name,
        frozenset(),
        refusal=f"`{name}` is not in the group `{OURS}`",
        hint=f"sudo usermod -aG {OURS} {name}",
    )


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


def caller(machine: Machine, session: Session, request: Mapping[str, Any]) -> str:
    """The name of who asks.

    Raises:
        NotAllowedError: a stranger asks.
    """
    found = caller_of(machine, session, request)
    found.refuse_without(Right.LOOK)
    return found.name


def came_by_key(machine: Machine, session: Session) -> bool:
    """Whether the caller was let in by an ssh key, whose name is then the name of who asks."""
    return _name(session.peer.user) == machine.accounts.receiver()
