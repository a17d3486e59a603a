"""The forced command of sshd(8): `pushdeploy.programs.ssh_command KEY-NAME`.

What was asked for is in `SSH_ORIGINAL_COMMAND`. For a push the engine is called before anything
else is imported.
"""

from __future__ import annotations

import os
import sys

from pushdeploy.push.early_call import call_for_push
from pushdeploy.system.places import take_a_place
from pushdeploy.system.standard_streams import open_standard

SESSIONS = "/var/lib/pushdeploy/sessions"
"""Said again where it belongs: `Layout.sessions`."""

MOST_SESSIONS = 16
"""Of one key at once: a person with some logs open, or a machine that pushes a dozen apps."""

FULL = (
    " !     the key `{name}` has {most} sessions open already, the most that one key may\n"
    " !     end one of them: logs that are followed, a `run`, or a push that waits\n"
)
BUSY = 6
"""`BusyError` of `errors`."""

PUSH = ("git-receive-pack ", "git receive-pack ")
OWN_NAME = "pushdeploy "
WHO_VARIABLE = "PUSHDEPLOY_WHO"
PROGRAM = "PUSHDEPLOY_PROGRAM"
"""Said again where they belong: `engine_link`, `seen_from`."""


def main() -> int:
    """Do what was asked for, or say why not."""
    open_standard()
    if len(sys.argv) > 1:
        os.environ[WHO_VARIABLE] = sys.argv[1]
        if not take_a_place(SESSIONS, sys.argv[1], MOST_SESSIONS):
            sys.stderr.write(FULL.format(name=sys.argv[1], most=MOST_SESSIONS))
            return BUSY
    asked = os.environ.get("SSH_ORIGINAL_COMMAND", "")
    if asked.startswith(OWN_NAME):
        os.environ[PROGRAM] = "1"
    engine = call_for_push() if asked.startswith(PUSH) else None
    from pushdeploy.push.forced_command import answer  # the engine starts meanwhile

    return answer(asked, engine)


if __name__ == "__main__":
    sys.exit(main())
