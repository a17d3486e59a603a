"""Looks once for what somebody is to be told, and tells it; systemd starts it when it is woken."""

from __future__ import annotations

import sys

from pushdeploy.cli.wiring import machine
from pushdeploy.notices.tell import tell


def main() -> int:
    """Do it."""
    tell(machine())
    return 0


if __name__ == "__main__":
    sys.exit(main())
