"""Who asks what, and whether they may: as the kernel says, not as they say."""

from __future__ import annotations

import pwd
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pushdeploy.errors import NotAllowedError
from pushdeploy.model.rights import ALL, Right, Standing
from pushdeploy.model.text import escaped
from pushdeploy.records.app_records import AppRecords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.engine.session import Session
    from pushdeploy.machine.machine import Machine

NAME_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody at the other end of the socket."""

    name: str
    """Under which the request is recorded."""
    rights: frozenset[Right]
    by_key: bool = False
    """Let in by an ssh key, whose name is then the caller's."""
    is_owner: bool = False
    """Root, or whom embedded mode belongs to."""
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


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks what, of which app. Name and right are checked."""

    machine: Machine
    session: Session
    """The caller's end: events, descriptors, and whether somebody is still there."""
    caller: Caller
    app: str
    """Empty when none is named."""

    @property
    def who(self) -> str:
        """The name under which it is recorded."""
        return self.caller.name

    def records(self) -> AppRecords:
        """The records of the app.

        Raises:
            NotFoundError: there is no such app.
        """
        records = AppRecords(self.machine.layout.app(self.app))
        records.settings()
        return records


def caller_of(machine: Machine, session: Session, request: Mapping[str, Any]) -> Caller:
    """Who asks.

    root, the git user and members of the group `pushdeploy` hold all rights, strangers none. Root
    (sudo) and the git user (ssh keys) vouch for a person's name; anybody else goes by their own.
    """
    peer = session.peer
    claimed = escaped(str(request.get("who") or ""))[:NAME_LIMIT]
    name, standing = _name(peer.user), machine.access.standing(peer.user)
    match standing:
        case Standing.OWNER | Standing.KEYS:
            by_key = standing is Standing.KEYS
            return Caller(claimed or name, ALL, by_key=by_key, is_owner=not by_key)
        case Standing.MEMBER:
            return Caller(name, ALL)
        case Standing.STRANGER:
            text, hint = machine.access.refusal(name)
            return Caller(name, frozenset(), refusal=text, hint=hint)


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
