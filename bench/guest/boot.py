"""How long an app takes by itself from exec(2) to its first 200, on a unix socket.

    python3 boot.py USER FOLDER SOCKET PROGRAM [ARGUMENT...]

The program's environment is ours; it must listen on SOCKET. Prints the seconds.
"""

import grp
import os
import pwd
import signal
import socket
import subprocess
import sys
import time

REQUEST = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"
PAUSE_SECONDS = 0.0005
LONGEST_SECONDS = 60.0


def answers(path: str) -> bool:
    """True when the app behind the socket says 200."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(LONGEST_SECONDS)
            connection.connect(path)
            connection.sendall(REQUEST)
            return b" 200 " in connection.recv(65536)[:16]
    except OSError:
        return False


def main() -> int:
    """Start it, wait for the answer, end it."""
    user, folder, path, *program = sys.argv[1:]
    found = pwd.getpwnam(user)
    began = time.monotonic()
    app = subprocess.Popen(
        program,
        cwd=folder,
        user=found.pw_uid,
        group=found.pw_gid,
        extra_groups=[group.gr_gid for group in grp.getgrall() if user in group.gr_mem],
        stderr=subprocess.DEVNULL,
    )
    while not answers(path):
        if app.poll() is not None or time.monotonic() > began + LONGEST_SECONDS:
            return 1
        time.sleep(PAUSE_SECONDS)
    seconds = time.monotonic() - began
    os.kill(app.pid, signal.SIGTERM)
    app.wait()
    sys.stdout.write(f"{seconds:.4f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
