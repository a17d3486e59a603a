"""Which of sshd's settings keep a user out."""

from __future__ import annotations

import pytest

from pushdeploy.model.ssh_access import keeps_out

GROUPS = ("deploy", "pushdeploy")


def cures(text: str) -> list[str]:
    """What would let `deploy` in, for settings such as `allowusers a b; usepam yes`."""
    settings: dict[str, list[str]] = {}
    for line in filter(None, text.split(";")):
        name, *words = line.split()
        settings.setdefault(name, []).extend(words)
    return [cure for _, cure in keeps_out(settings, "deploy", GROUPS)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "allowusers root deploy",
        "allowusers root;allowusers deploy",
        "allowusers dep* ada",
        "allowusers deplo?",
        "allowusers deploy@10.0.0.*",
        "denyusers ada deploy@10.0.0.1 deployer",
        "allowgroups ssh pushdeploy",
        "allowgroups push*",
        "denygroups games",
        "pubkeyauthentication yes;authenticationmethods publickey;forcecommand none",
        "authenticationmethods any;maxsessions 10",
    ],
)
def test_these_let_the_git_user_in(text: str) -> None:
    assert cures(text) == []


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("allowusers root ada", "AllowUsers root ada deploy"),
        ("allowusers root[deploy]", "AllowUsers root[deploy] deploy"),
        ("denyusers ada dep*", "DenyUsers ada"),
        ("denyusers *", "no DenyUsers"),
        ("allowgroups ssh", "AllowGroups ssh deploy"),
        ("allowgroups ada !deploy !push*", "AllowGroups ada deploy"),
        ("denygroups pushdeploy", "no DenyGroups"),
        ("pubkeyauthentication no", "pubkeyauthentication yes"),
        ("authenticationmethods publickey,password", "authenticationmethods publickey"),
        ("forcecommand internal-sftp", "forcecommand none"),
        ("maxsessions 0", "MaxSessions 10"),
    ],
)
def test_these_keep_it_out_and_this_would_not(text: str, cure: str) -> None:
    assert cures(text) == [cure]
