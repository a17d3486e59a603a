"""Which of sshd's settings keep a user out who logs in by key (sshd_config(5))."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HARMLESS = {
    "pubkeyauthentication": ("yes",),
    "authenticationmethods": ("any", "publickey"),
    "forcecommand": ("none",),
    "chrootdirectory": ("none",),
}
"""Each with the values that let a push through; a key's own command counts only without another."""


def keeps_out(
    settings: Mapping[str, Sequence[str]], user: str, groups: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Each setting that does, as `sshd -T` shows it, and the line that would not.

    A pattern with an address may let the user in from there: that is the owner's wish.

    Args:
        settings: of `sshd -T -C user=…`, by name in lower case, in words.
        user: who wants in.
        groups: all of the user's.
    """
    allowed, denied = settings.get("allowusers", ()), settings.get("denyusers", ())
    if allowed and not any(_matches(one.partition("@")[0], user) for one in allowed):
        yield f"allowusers {' '.join(allowed)}", f"AllowUsers {' '.join(allowed)} {user}"
    if any("@" not in one and _matches(one, user) for one in denied):
        yield f"denyusers {' '.join(denied)}", _without("DenyUsers", denied, [user])
    allowed, denied = settings.get("allowgroups", ()), settings.get("denygroups", ())
    if allowed and not _any_group(allowed, groups):
        yield f"allowgroups {' '.join(allowed)}", _with_one("AllowGroups", allowed, groups)
    if _any_group(denied, groups):
        yield f"denygroups {' '.join(denied)}", _without("DenyGroups", denied, groups)
    for name, good in HARMLESS.items():
        value = settings.get(name)
        if value and not set(good) & set(value):
            yield f"{name} {' '.join(value)}", f"{name} {good[-1]}"
    if list(settings.get("maxsessions", ())) == ["0"]:
        yield "maxsessions 0", "MaxSessions 10"


def _without(name: str, patterns: Sequence[str], who: Sequence[str]) -> str:
    left = [one for one in patterns if not any(_matches(one, each) for each in who)]
    return f"{name} {' '.join(left)}" if left else f"no {name}"


def _with_one(name: str, patterns: Sequence[str], groups: Sequence[str]) -> str:
    left = [one for one in patterns if not _any_group([one.removeprefix("!")], groups)]
    return f"{name} {' '.join([*left, groups[0]])}"


def _any_group(patterns: Sequence[str], groups: Sequence[str]) -> bool:
    """A pattern list of groups; `!` takes back."""
    negated = [one[1:] for one in patterns if one[:1] == "!"]
    plain = [one for one in patterns if one[:1] != "!"]
    return any(
        any(_matches(one, group) for one in plain)
        and not any(_matches(one, group) for one in negated)
        for group in groups
    )


def _matches(pattern: str, text: str) -> bool:
    """sshd's patterns: `*` and `?`."""
    parts = (re.escape(one) for one in re.split(r"([*?])", pattern))
    expression = "".join(parts).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text) is not None
