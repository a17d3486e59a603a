"""Run a program and say how long it took: {"began", "seconds", "status"}; clock: monotonic.

python3 timed.py [--user USER] PROGRAM [ARGUMENT...]
"""

import json
import pwd
import subprocess
import sys
import time


def main() -> int:
    """Run it; what it prints is dropped, but for the end of it when it fails."""
    program = sys.argv[1:]
    user = group = None
    if program[0] == "--user":
        found = pwd.getpwnam(program[1])
        user, group, program = found.pw_uid, found.pw_gid, program[2:]
    began = time.monotonic()
    done = subprocess.run(
        program,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
    )
    seconds = time.monotonic() - began
    if done.returncode != 0:
        sys.stderr.buffer.write(done.stdout[-2000:])
    sys.stdout.write(
        json.dumps({"began": began, "seconds": seconds, "status": done.returncode}) + "\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
