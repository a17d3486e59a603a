"""What the engine starts as the git user, for each question about a repo or a slug."""

from __future__ import annotations

import os
import sys

from pushdeploy.deploy.checkout_worker import main

if __name__ == "__main__":
    ended = main()
    sys.stdout.flush()
    os._exit(ended)  # taking down the interpreter with GitPython in it takes 10 ms
