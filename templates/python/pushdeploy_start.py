"""Made by pushdeploy: what `pushdeploy_socket.pth` does, for Pythons that ignore its line.

From 3.15 on a `.start` file names a function instead (PEP 829), and the line is ignored where both
are there; from 3.18 on it is ignored everywhere.
"""

import os


def begin():
    """Have a process that was started with a socket know that it is its own."""
    if os.environ.get("LISTEN_FDS"):
        os.environ["LISTEN_PID"] = str(os.getpid())
        import pushdeploy_socket  # noqa: F401 - most processes need none of it
