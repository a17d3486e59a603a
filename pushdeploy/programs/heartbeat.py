"""Tells a job's heartbeat URL that it begins or has ended. Standard library only.

A unit of the app starts it, as the app: `python -m pushdeploy.programs.heartbeat start|end`, with
the URL in `PUSHDEPLOY_HEARTBEAT`. Whatever happens, it exits with 0: no job fails by it.
"""

from __future__ import annotations

import os
import signal
import sys

from pushdeploy.model.cron_job import URL_VARIABLE
from pushdeploy.model.cron_run import SUCCESS
from pushdeploy.system.heartbeat import tell

LONGEST_SECONDS = 8
"""For all of it; then the kernel ends it, and the job goes on."""


def main(when: str) -> int:
    """Tell it, and say what went wrong in the job's own log."""
    signal.alarm(LONGEST_SECONDS)
    failed = os.environ.get("SERVICE_RESULT", SUCCESS) != SUCCESS
    ending = "/start" if when == "start" else "/fail" if failed else ""
    wrong = tell(os.environ.get(URL_VARIABLE, ""), ending)
    if wrong:
        print(f"the heartbeat could not be sent: {wrong}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
