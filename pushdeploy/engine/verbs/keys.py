"""The ssh keys that may push."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.engine.deadlines import QUERY_SECONDS
from pushdeploy.engine.registry import App, verb
from pushdeploy.errors import UsageError
from pushdeploy.model.rights import Right

if TYPE_CHECKING:
    from pushdeploy.engine.asked import Asked
    from pushdeploy.model.key import Key


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key."""

    name: str
    kind: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys."""

    keys: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """A key is gone."""

    left: int
    """How many may still push."""


@verb("keys", Keys, right=Right.SERVER, app=App.NONE, seconds=QUERY_SECONDS)
def keys(asked: Asked) -> Keys:
    """List them."""
    from pushdeploy.system.keys import listing

    asked.machine.access.require_keys()
    return Keys(tuple(map(_public, listing(asked.machine.layout.keys))))


@verb("keys.add", PublicKey, right=Right.SERVER, app=App.NONE)
def add(asked: Asked, *, key: str, name: str | None = None) -> PublicKey:
    """Add a `key`, by its comment's name or another `name`."""
    from pushdeploy.system import keys as file

    asked.machine.access.require_keys()
    return _public(file.add(asked.machine.layout.keys, key, name))


@verb("keys.remove", Removed, right=Right.SERVER, app=App.NONE)
def remove(asked: Asked, *, name: str, confirmed: bool = False) -> Removed:
    """Remove the key of a `name`; one that lets the last or the caller in only if `confirmed`."""
    from pushdeploy.system import keys as file

    asked.machine.access.require_keys()
    folder = asked.machine.layout.keys
    if not confirmed:
        own = asked.who if asked.caller.by_key else None
        _refuse_lockout([key.name for key in file.listing(folder)], name, own)
    file.remove(folder, name)
    return Removed(len(file.listing(folder)))


def _refuse_lockout(names: list[str], name: str, own: str | None) -> None:
    """See that somebody can still push afterwards, and that it is not who asks.

    Raises:
        UsageError: nobody could, or not whoever asks.
    """
    hint = f"pushdeploy keys:remove {name} --confirm {name}"
    if names == [name]:
        raise UsageError(f"`{name}` is the last key: nobody could push", hint=hint)
    if name in names and name == own:
        raise UsageError(
            f"`{name}` is the key you are using now: it would not let you in again", hint=hint
        )


def _public(key: Key) -> PublicKey:
    return PublicKey(key.name, key.kind, key.fingerprint)
