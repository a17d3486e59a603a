"""What the engine can be asked about the ssh keys that may push."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pushdeploy.engine.caller import caller, came_by_key
from pushdeploy.errors import UnavailableError, UsageError
from pushdeploy.system import keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pushdeploy.deploy.machine import Machine
    from pushdeploy.engine.server import Verb
    from pushdeploy.engine.session import Session
    from pushdeploy.engine.verbs import Request
    from pushdeploy.model.key import Key


def _keys_add(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    _allowed(machine, session, request)
    name = request.get("name")
    text = str(request.get("key", ""))
    return _record(keys.add(machine.layout.keys, text, None if name is None else str(name)))


def _keys_list(machine: Machine, session: Session, request: Request) -> list[dict[str, Any]]:
    _allowed(machine, session, request)
    return [_record(key) for key in keys.listing(machine.layout.keys)]


def _keys_remove(machine: Machine, session: Session, request: Request) -> dict[str, Any]:
    asked_by = _allowed(machine, session, request)
    name = str(request.get("name", ""))
    if not request.get("confirmed"):
        _refuse_lockout(machine, name, asked_by if came_by_key(machine, session) else None)
    keys.remove(machine.layout.keys, name)
    return {"name": name, "left": len(keys.listing(machine.layout.keys))}


def _refuse_lockout(machine: Machine, name: str, asked_by: str | None) -> None:
    """See that somebody can still push afterwards, and that it is not who asks.

    Raises:
        UsageError: nobody could, or not whoever asks.
    """
    names = [key.name for key in keys.listing(machine.layout.keys)]
    hint = f"pushdeploy keys:remove {name} --confirm {name}"
    if names == [name]:
        raise UsageError(f"`{name}` is the last key: nobody could push any more", hint=hint)
    if name in names and name == asked_by:
        raise UsageError(
            f"`{name}` is the key that you are here with: it would not let you in again", hint=hint
        )


def _allowed(machine: Machine, session: Session, request: Request) -> str:
    """Let known callers pass, on a machine where keys mean something; returns who asks.

    Raises:
        NotAllowedError: somebody else asks.
        UnavailableError: this is embedded mode, where nobody comes over ssh.
    """
    name = caller(machine, session, request)
    if machine.accounts.receiver() is None:
        raise UnavailableError(
            "nobody pushes over ssh here: this is embedded mode", hint="git push production main"
        )
    return name


def _record(key: Key) -> dict[str, Any]:
    return {"name": key.name, "kind": key.kind, "fingerprint": key.fingerprint}


KEYS: Mapping[str, Verb] = {
    "keys.add": _keys_add,
    "keys.list": _keys_list,
    "keys.remove": _keys_remove,
}
"""Verbs about keys."""
