"""Users and groups of ours: their names, and what marks them as made by us."""

from __future__ import annotations

from pathlib import Path

GIT_USER = "deploy"
"""Is logged into over ssh; owns repos and slugs."""

OURS = "pushdeploy"
"""The group that may talk to the engine and read the logs."""

FRONT = "pd-front"
"""Serves all fronts."""

MARK = "pushdeploy"
"""The comment of each user of ours (passwd(5)). It counts only beside our record of the user's
number: anybody who is root may write a comment."""

NOWHERE = Path("/nonexistent")
"""The home of users that nobody logs in as. sshd, cron, a mail server and systemd's user manager
look for files in the home that passwd names, and an app must not be able to write those: its
processes get another `HOME`, from their unit."""

NO_SHELL = "/usr/sbin/nologin"

FIRST_ID, LAST_ID = 100, 999
"""Of system users (Debian Policy, 9.2.2)."""
