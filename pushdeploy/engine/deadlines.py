"""How long a verb of the engine may take before it is ended; each says which of these it has."""

from __future__ import annotations

QUERY_SECONDS = 60.0
"""Nothing is waited for but the disk, systemd and the records."""

CHANGE_SECONDS = 2400.0
"""A change that waits half an hour for a deploy of the same app, and reloads nginx."""

ATTEMPT_SECONDS = 4 * 3600.0
"""That wait, a checkout, a build of 20 minutes, a release command of an hour, health checks, and a
second wait of somebody who came before."""

DAY_SECONDS = 24 * 3600.0
"""What a person looks at or works in."""

ALL_SECONDS = 6 * 3600.0
"""All apps, each of which has a deadline of its own (`watch/reconcile.py`)."""

CPU_SECONDS = 600
"""Of the processor, for all but what lasts a day: nothing that the engine itself does takes ten."""
