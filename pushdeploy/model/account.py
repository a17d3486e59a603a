"""Names of users and groups that every server has."""

from __future__ import annotations

RECEIVER = "deploy"
"""Is logged into over ssh; owns repos and slugs."""

OURS = "pushdeploy"
"""The group that may talk to the engine and read the logs."""
