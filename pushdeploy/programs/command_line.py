"""The program `pushdeploy`."""

from __future__ import annotations

import sys

from pushdeploy.cli.runner import main

if __name__ == "__main__":
    sys.exit(main())
