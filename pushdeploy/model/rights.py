"""Rights: what a caller must hold to have a verb of the engine carried out."""

from __future__ import annotations

from enum import StrEnum


class Right(StrEnum):
    """Each verb needs exactly one."""

    LOOK = "look"
    """See apps, releases, logs and settings; no secrets."""
    DEPLOY = "deploy"
    """Push, deploy, roll back, restart, rebuild."""
    CONFIGURE = "configure"
    """Read and change config vars; change scale, storage and settings of an app."""
    RUN = "run"
    """Run any command as an app."""
    PROXY = "proxy"
    """Change domains, certificates, static folders, the site and maintenance."""
    APPS = "apps"
    """Make and destroy apps."""
    SERVER = "server"
    """Keys, the firewall, and what concerns all apps."""


class Standing(StrEnum):
    """What a user of the machine is to us."""

    OWNER = "owner"
    """Root, or whoever embedded mode belongs to: vouches for the name of a person."""
    KEYS = "keys"
    """The user that ssh keys log in as: vouches for the name of a key."""
    MEMBER = "member"
    """Was given access, and goes by the own name."""
    STRANGER = "stranger"


ALL = frozenset(Right)
"""Of whoever is let in: there are no roles yet."""
